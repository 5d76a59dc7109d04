//! One request in both formats: written down as key/value lines, sent as they are or as the XML that means the same.

use crate::client::{Client, World, field};
use crate::xml::texts;

/// Both formats, for tests that go through the same story twice.
pub const FORMATS: [bool; 2] = [false, true];
/// A day on which all tests of the sandbox's requests take place, at noon in summer.
pub const TODAY: &str = "2030-06-15T12:00:00+02:00";

/// A session in one of the formats.
pub struct Session {
    client: Client,
    is_xml: bool,
    version: &'static str,
}

/// An answer taken apart as far as both formats have it.
pub struct Answer {
    pub text: String,
    pub result: String,
    pub codes: Vec<String>,
}

impl Answer {
    fn read(text: String, is_xml: bool) -> Self {
        let (result, codes) = if is_xml {
            let codes = text.split(" code=\"").skip(1).map(|rest| rest.chars().take(11).collect());
            (texts(&text, "tr:result").concat(), codes.collect())
        } else {
            let levels = ["INFO: ", "WARNING: ", "ERROR: "];
            let coded = text.lines().filter_map(|line| levels.iter().find_map(|level| line.strip_prefix(level)));
            (field(&text, "RESULT").to_owned(), coded.map(|line| line.chars().take(11).collect()).collect())
        };
        Self { text, result, codes }
    }

    /// The first value with this keyword, or in the element of the same name.
    pub fn shown(&self, keyword: &str) -> Option<String> {
        if self.text.starts_with("<?xml") {
            let element = format!(":{}{}>", keyword[..1].to_lowercase(), &keyword[1..]);
            let (_, rest) = self.text.split_once(&element)?;
            return rest.split('<').next().map(str::to_owned);
        }
        let line = self.text.lines().find_map(|line| line.strip_prefix(&format!("{keyword}: ")));
        line.map(str::to_owned)
    }
}

impl Session {
    /// A session of the account with that index.
    pub async fn open(world: &World, n: usize, is_xml: bool) -> Self {
        Self { client: world.login(n).await, is_xml, version: "5.0" }
    }

    /// From now on in that version.
    pub fn speak(&mut self, version: &'static str) {
        self.version = version;
    }

    /// Asks; the request has no `Version` line.
    pub async fn say(&mut self, request: &str) -> Answer {
        let plain = format!("Version: {}\n{request}", self.version);
        let text = if self.is_xml { xml(request, self.version) } else { plain };
        Answer::read(self.client.ask(&text).await, self.is_xml)
    }

    /// Asks, and expects success with exactly these codes.
    pub async fn done(&mut self, request: &str, codes: &[&str]) -> Answer {
        let answer = self.say(request).await;
        assert_eq!((answer.result.as_str(), codes), ("success", &*as_strs(&answer)), "{request}\n\n{}", answer.text);
        answer
    }

    /// Asks, and expects to be refused with exactly these codes.
    pub async fn refused(&mut self, request: &str, codes: &[&str]) -> Answer {
        let answer = self.say(request).await;
        assert_eq!((answer.result.as_str(), codes), ("failed", &*as_strs(&answer)), "{request}\n\n{}", answer.text);
        answer
    }

    /// What is shown of a domain.
    pub async fn info(&mut self, domain: &str) -> Answer {
        self.done(&format!("Action: INFO\nDomain: {domain}"), &[]).await
    }

    /// What CHECK says of a domain.
    pub async fn status(&mut self, domain: &str) -> String {
        self.done(&format!("Action: CHECK\nDomain: {domain}"), &[]).await.shown("Status").unwrap()
    }

    /// Takes all messages out of the queue and says of which types they were.
    pub async fn drain(&mut self) -> Vec<String> {
        let mut kinds = Vec::new();
        loop {
            let text = self.client.ask("Version: 5.0\nAction: QUEUE-READ").await;
            if field(&text, "Msgcnt") == "0" {
                return kinds;
            }
            kinds.push(field(&text, "Msgtype").to_owned());
            let delete = format!("Version: 5.0\nAction: QUEUE-DELETE\nMsgid: {}", field(&text, "Msgid"));
            assert_eq!(field(&self.client.ask(&delete).await, "RESULT"), "success");
        }
    }
}

fn as_strs(answer: &Answer) -> Vec<&str> {
    answer.codes.iter().map(String::as_str).collect()
}

impl World {
    /// A sandbox whose clock shows [`TODAY`].
    pub async fn today(denic: registrard::sandbox::DenicOptions) -> Self {
        let world = Self::with(denic).await;
        let (status, body) = world.control("POST", "/clock", &serde_json::json!({ "set": TODAY })).await;
        assert_eq!(status, 200, "{body}");
        world
    }

    /// Marks a domain as only the registry itself can.
    pub async fn mark(&self, body: serde_json::Value) {
        let (status, answer) = self.control("POST", "/domains", &body).await;
        assert_eq!(status, 200, "{answer}");
    }
}

/// A person of the account with that index, without the action.
pub fn person(n: usize, own: &str) -> String {
    format!(
        "Handle: DENIC-100000{}-{own}\nType: PERSON\nName: Max Mustermann\nAddress: Beispielweg 1\nPostalCode: 60596\n\
         City: Frankfurt am Main\nCountryCode: DE\nEmail: max@example.de\nPhone: +49.69272350",
        n + 1
    )
}

/// The data of a domain held by a handle of the account with that index.
pub fn data(n: usize, domain: &str, own: &str) -> String {
    let account = format!("DENIC-100000{}", n + 1);
    format!(
        "Domain: {domain}\nHolder: {account}-{own}\nGeneralrequest: {account}-GR\nNserver: ns1.example.net\n\
         Nserver: ns2.example.net"
    )
}

/// Contacts MAX, MIA and GR of an account.
pub async fn furnish(session: &mut Session, n: usize) {
    for own in ["MAX", "MIA"] {
        session.done(&format!("Action: CREATE\n{}", person(n, own)), &[]).await;
    }
    let request = format!("Handle: DENIC-100000{}-GR\nType: REQUEST\nUri-Template: mailto:gr@example.net", n + 1);
    session.done(&format!("Action: CREATE\n{request}"), &[]).await;
}

/// The same request in XML.
fn xml(request: &str, version: &str) -> String {
    let lines: Vec<(String, &str)> = request
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(keyword, value)| (keyword.to_lowercase(), value))
        .collect();
    let all = |wanted: &str| {
        let values: Vec<_> = lines.iter().filter(|(key, _)| key == wanted).map(|(_, value)| *value).collect();
        values.into_iter()
    };
    let leaves = |name: &str, keyword: &str| -> String {
        let mut elements = String::new();
        for value in all(keyword) {
            elements += &format!("<{name}>{}</{name}>", quick_xml::escape::escape(value));
        }
        elements
    };
    let action = all("action").next().unwrap().to_lowercase();
    let body = if all("handle").next().is_some() {
        let postal = leaves("contact:address", "address")
            + &leaves("contact:postalCode", "postalcode")
            + &leaves("contact:city", "city")
            + &leaves("contact:countryCode", "countrycode");
        let postal = if postal.is_empty() { postal } else { format!("<contact:postal>{postal}</contact:postal>") };
        let head: String = ["handle", "type", "name", "organisation", "uri-template"]
            .iter()
            .map(|key| leaves(&format!("contact:{key}"), key))
            .collect();
        let rest = leaves("contact:email", "email") + &leaves("contact:phone", "phone") + &blocks(request);
        format!("<contact:{action}>{head}{postal}{rest}</contact:{action}>")
    } else if all("regacc").next().is_some() {
        format!("<regacc:{action}>{}</regacc:{action}>", leaves("regacc:handle", "regacc"))
    } else {
        let element = match action.as_str() {
            "create-authinfo1" => "createAuthInfo1",
            "create-authinfo2" => "createAuthInfo2",
            "delete-authinfo1" => "deleteAuthInfo1",
            action => action,
        };
        let mut attributes = String::new();
        for (name, keyword) in [
            ("recursive", "recursive"),
            ("disconnect", "disconnect"),
            ("hash", "authinfohash"),
            ("expire", "authinfoexpire"),
        ] {
            all(keyword).for_each(|value| attributes += &format!(" {name}=\"{value}\""));
        }
        let mut inner = leaves("domain:handle", "domain") + &leaves("domain:ace", "domain-ace");
        for role in ["holder", "abusecontact", "generalrequest"] {
            all(role).for_each(|handle| inner += &format!("<domain:contact role=\"{role}\">{handle}</domain:contact>"));
        }
        let domain = all("domain").next().unwrap_or_default();
        all("nserver").for_each(|value| inner += &server(domain, value));
        all("nsentry").for_each(|value| inner += &record(value));
        inner += &leaves("domain:authInfo", "authinfo");
        all("dnskey").for_each(|value| inner += &key(domain, value));
        format!("<domain:{element}{attributes}>{inner}</domain:{element}>")
    };
    let ctid = leaves("ctid", "ctid");
    crate::xml::sample(&(body + &ctid)).replace("/5.0\"", &format!("/{version}\""))
}

fn entry(kind: &str, owner: &str, data: &str) -> String {
    format!(
        "<dnsentry:dnsentry xsi:type=\"dnsentry:{kind}\"><dnsentry:owner>{owner}</dnsentry:owner>\
         <dnsentry:rdata>{data}</dnsentry:rdata></dnsentry:dnsentry>"
    )
}

fn leaf(name: &str, value: &str) -> String {
    format!("<dnsentry:{name}>{value}</dnsentry:{name}>")
}

fn server(domain: &str, value: &str) -> String {
    let mut words = value.split(' ');
    let host = leaf("nameserver", words.next().unwrap());
    let address = words.map(|ip| leaf(if ip.contains(':') { "addressV6" } else { "address" }, ip));
    entry("NS", domain, &(host + &address.collect::<String>()))
}

fn record(value: &str) -> String {
    match value.split(' ').collect::<Vec<_>>().as_slice() {
        [owner, _, "MX", preference, host] => {
            entry("MX", owner, &(leaf("preference", preference) + &leaf("exchange", host)))
        }
        [owner, _, kind, address] => entry(kind, owner, &leaf("address", address)),
        _ => String::new(),
    }
}

fn key(domain: &str, value: &str) -> String {
    let parts = ["flags", "protocol", "algorithm", "publicKey"].iter().zip(value.split(' '));
    entry("DNSKEY", domain, &parts.map(|(name, part)| leaf(name, part)).collect::<String>())
}

fn blocks(request: &str) -> String {
    let block = |text: &str| {
        let mut claims = String::new();
        let mut rest = String::new();
        for (keyword, value) in text.lines().filter_map(|line| line.split_once(": ")) {
            let element = keyword[..1].to_lowercase() + &keyword[1..];
            match keyword {
                "VerifiedClaim" => claims += &format!("<verification:claim>{value}</verification:claim>"),
                _ => rest += &format!("<verification:{element}>{value}</verification:{element}>"),
            }
        }
        format!(
            "<verification:verificationInformation xsi:type=\"verification:verificationInformationType\">\
             <verification:verifiedClaims>{claims}</verification:verifiedClaims>{rest}\
             </verification:verificationInformation>"
        )
    };
    request.split("[VerificationInformation]\n").skip(1).map(block).collect()
}
