//! Requests to NZ SRS and its answers. `tests/golden/nz_srs` has every sample of the reference (`5.1-1-request.xml`,
//! `5.1-2-reply.xml`) and the registry's own definition (`nz-srs-protocol.dtd`); jobs (`x.json`) with the bytes they become
//! (`x.request`) and, where the reference has one, its sample of the same request (`x.sample.xml`); and for each reply what it
//! means (`5.1-2-reply.json`). `REGISTRARD_BLESS=1` writes the expectations anew, for review.

use std::path::{Path, PathBuf};
use std::process::Command;

use quick_xml::Reader;
use quick_xml::events::Event;
use registrard::model::{Operation, Request};
use registrard::registries::{Dialect, WireOptions, nz_srs};
use serde_json::{Map, Value, json};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/nz_srs")
}

fn load(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn expect(name: &str, found: &str) {
    if std::env::var_os("REGISTRARD_BLESS").is_some() {
        std::fs::write(folder().join(name), found).unwrap();
    }
    assert_eq!(load(name), found, "{name}");
}

/// The names that end so, without the end.
fn named(suffix: &str) -> Vec<String> {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = files.filter_map(|file| file.strip_suffix(suffix).map(str::to_owned)).collect();
    names.sort();
    names
}

/// The names of the jobs.
fn jobs() -> Vec<String> {
    named(".json").into_iter().filter(|name| !name.ends_with("-reply")).collect()
}

fn job(name: &str) -> Request {
    serde_json::from_str(&load(&format!("{name}.json"))).unwrap()
}

fn sample(name: &str) -> Option<String> {
    std::fs::read_to_string(folder().join(format!("{name}.sample.xml"))).ok()
}

fn dialect() -> std::sync::Arc<dyn Dialect> {
    let options = WireOptions { account: "500".into(), ..WireOptions::default() };
    (nz_srs::PLUGIN.dialect)(&options).unwrap()
}

/// xmllint holds a document against the registry's definition; `./dev test` installs it (Debian: libxml2-utils).
fn xmllint(document: &str) -> Result<(), String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), document).unwrap();
    let mut command = Command::new("xmllint");
    command.args(["--nonet", "--noout", "--dtdvalid"]).arg(folder().join("nz-srs-protocol.dtd")).arg(file.path());
    let output = command.output().unwrap();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// Every element with the way to it, its attributes sorted, and its text, in the order of the document. The reader is
/// another one than ours.
fn meaning(xml: &str) -> Vec<String> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    let (mut open, mut values): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut text = String::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                open.push(start.local_name().as_ref().to_owned());
                let value =
                    |value: std::borrow::Cow<'_, str>| quick_xml::escape::unescape(&value).unwrap().into_owned();
                let attributes = start.attributes().map(Result::unwrap);
                let mut attributes: Vec<_> = attributes
                    .map(|attribute| format!("{}={:?}", attribute.key.local_name().as_ref(), value(attribute.value)))
                    .collect();
                attributes.sort();
                values.push(format!("{} {}", open.join("/"), attributes.join(" ")));
            }
            Event::Text(part) => text.push_str(&part),
            Event::GeneralRef(name) => text.push_str(&quick_xml::escape::unescape(&format!("&{};", &*name)).unwrap()),
            Event::End(_) => {
                if !text.trim().is_empty() {
                    values.push(format!("{} = {}", open.join("/"), text.trim()));
                }
                text.clear();
                open.pop();
            }
            Event::Eof => break,
            _ => {}
        }
        if text.trim().is_empty() {
            text.clear();
        }
    }
    assert!(open.is_empty(), "{xml}");
    values
}

/// The id of a sample's action: that of its write, else of its question.
fn id(sample: &str) -> Option<String> {
    let find = |name: &str| {
        let (_, rest) = sample.split_once(&format!(" {name}=\""))?;
        Some(rest.split('"').next()?.to_owned())
    };
    // What ActionDetailsQry asks about is not its own id.
    if sample.contains("<ActionDetailsQry") { find("QryId") } else { find("ActionId").or_else(|| find("QryId")) }
}

#[test]
fn every_request_means_what_the_references_sample_means_and_keeps_to_the_definition() {
    let dialect = dialect();
    for name in jobs() {
        let Request { operation, params, .. } = job(&name);
        let theirs = sample(&name);
        let id = theirs.as_deref().and_then(id).unwrap_or_else(|| "rd-1".into());
        let prepared = dialect.prepare(operation, &params, &id).unwrap_or_else(|reject| panic!("{name}: {reject}"));
        let ours = std::str::from_utf8(&prepared.bytes).unwrap();
        assert!(ours.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{name} is not one line of ASCII: {ours}");
        xmllint(ours).unwrap_or_else(|why| panic!("{name}: {why}"));
        expect(&format!("{name}.request"), &format!("{ours}\n"));
        assert_eq!(prepared.transaction.as_deref(), Some(&*id), "{name}");
        if let Some(theirs) = theirs {
            assert_eq!(meaning(ours), meaning(&theirs), "{name}: left ours, right the sample");
        }
        let again = dialect.prepare(operation, &params, &id).unwrap();
        assert_eq!(prepared.digest(), again.digest(), "{name}");
    }
}

#[test]
fn every_sample_of_the_reference_is_some_job_and_every_operation_too() {
    let mut actions: Vec<Vec<String>> = Vec::new();
    for name in named("-request.xml") {
        let text = load(&format!("{name}-request.xml"));
        xmllint(&text).unwrap_or_else(|why| panic!("{name}: {why}"));
        actions.push(meaning(&text));
    }
    assert_eq!(actions.len(), 22, "the reference has 22 requests");
    // Of a request with several actions each has a job of its own.
    let mut left: Vec<String> = actions.concat();
    let said: Vec<String> = jobs().iter().filter_map(|name| sample(name)).flat_map(|text| meaning(&text)).collect();
    left.retain(|line| !said.contains(line));
    assert_eq!(left, [""; 0]);
    let asked: Vec<Operation> = jobs().iter().map(|name| job(name).operation).collect();
    let missing: Vec<_> = nz_srs::PLUGIN.operations.iter().filter(|operation| !asked.contains(operation)).collect();
    assert_eq!(missing, [&Operation::Raw; 0]);
}

#[test]
fn a_sample_as_a_request_of_ones_own_is_about_the_same_object() {
    let dialect = dialect();
    for name in jobs() {
        let Request { operation, params, .. } = job(&name);
        let Some(theirs) = sample(&name) else { continue };
        let request = Map::from_iter([("request".to_owned(), json!(theirs))]);
        let raw = dialect.check(Operation::Raw, &request).unwrap_or_else(|reject| panic!("{name}: {reject}"));
        assert_eq!(raw.object, dialect.check(operation, &params).unwrap().object, "{name}");
        let prepared = dialect.prepare(Operation::Raw, &request, "rd-1").unwrap();
        assert_eq!(meaning(std::str::from_utf8(&prepared.bytes).unwrap()), meaning(&theirs), "{name}");
        // An id that it brings is kept, and its answer is read as what it is.
        assert_eq!(prepared.transaction, id(&theirs), "{name}");
        if !matches!(operation, Operation::DomainChangeHolder | Operation::Raw) {
            assert_eq!(prepared.operation.object(), operation.object(), "{name}");
        }
        let nameless = theirs.replace(" ActionId=\"", " ActionId=\"\" X=\"");
        if nameless != theirs && !name.starts_with("account") {
            let request = Map::from_iter([("request".to_owned(), json!(nameless))]);
            assert_eq!(dialect.prepare(Operation::Raw, &request, "rd-1").unwrap().transaction.as_deref(), Some("rd-1"));
        }
    }
}

/// What an operation has for an answer: the operations under which the reference's replies are read.
fn read_as(name: &str) -> Operation {
    match name {
        "5.1-2" => Operation::DomainCheck,
        "5.1-3" | "5.4-2" => Operation::DomainInfo,
        "5.2-2" => Operation::DomainCreate,
        "5.3.1-2" | "9.1-1" | "9.1-2" => Operation::DomainUpdate,
        "5.3.2-2" => Operation::DomainRenew,
        "5.3.3-2" | "5.3.3-3" => Operation::DomainDelete,
        "5.3.4-2" => Operation::DomainTransfer,
        "5.3.5-2" => Operation::DomainAuthcodeCreate,
        "5.5-2" => Operation::DomainAuthcodeCheck,
        "5.6-2" => Operation::ContactCreate,
        "5.6-4" => Operation::ContactUpdate,
        "5.6-6" => Operation::ContactInfo,
        "5.7-2" | "5.9-2" | "5.9-5" => Operation::AccountInfo,
        "5.8-2" | "5.8-3" => Operation::MessageRead,
        "5.8-5" | "5.8-6" => Operation::MessageDelete,
        "5.8-8" => Operation::Raw,
        other => panic!("{other}: as what is it read?"),
    }
}

#[test]
fn every_reply_is_read_and_means_what_it_says() {
    let dialect = dialect();
    let replies = named("-reply.xml");
    assert_eq!(replies.len(), 24, "the reference has 24 replies");
    for name in replies {
        let (text, operation) = (load(&format!("{name}-reply.xml")), read_as(&name));
        xmllint(&text).unwrap_or_else(|why| panic!("{name}: {why}"));
        let answer = dialect.decode(operation, text.as_bytes()).unwrap_or_else(|why| panic!("{name}: {why}"));
        // As the registry sends it: declared, with a document type, and nothing between the elements.
        let sent = format!(
            "<?xml version=\"1.0\"?>\n<!DOCTYPE NZSRSResponse SYSTEM \"protocol.dtd\">\n{}",
            text.lines().map(str::trim_start).collect::<Vec<_>>().join("\n").replace(">\n<", "><")
        );
        assert_eq!(dialect.decode(operation, sent.as_bytes()).as_ref(), Ok(&answer), "{name}");
        let judgement = dialect.judge(operation, &answer);
        let deadlines: Vec<Value> = judgement.deadlines.iter().map(|deadline| json!(deadline)).collect();
        let verdict = format!("{:?}", judgement.verdict);
        let read = json!({"operation": operation, "answer": answer, "verdict": verdict, "deadlines": deadlines});
        expect(&format!("{name}-reply.json"), &format!("{}\n", serde_json::to_string_pretty(&read).unwrap()));
        assert_eq!(judgement.unknown_codes, [""; 0], "{name}");
        // Half an answer is none.
        for end in 0..text.trim_end().len() {
            let half = text.as_bytes().get(..end).unwrap();
            assert!(dialect.decode(operation, half).is_err(), "{name}, {end} bytes");
        }
    }
}

#[test]
fn a_udai_is_shown_to_whoever_ordered_one_and_to_nobody_else() {
    let dialect = dialect();
    let created = load("5.2-2-reply.xml");
    let answer = dialect.decode(Operation::DomainCreate, created.as_bytes()).unwrap();
    assert_eq!(answer.data.pointer("/Domain/UDAI"), Some(&json!("***")));
    let ordered = load("5.3.5-2-reply.xml");
    let answer = dialect.decode(Operation::DomainAuthcodeCreate, ordered.as_bytes()).unwrap();
    assert_eq!(answer.data.pointer("/Domain/UDAI"), Some(&json!("PqC9VFP8")));
    for operation in nz_srs::PLUGIN.operations.iter().filter(|one| **one != Operation::DomainAuthcodeCreate) {
        let shown = dialect.decode(*operation, ordered.as_bytes());
        assert!(!format!("{shown:?}").contains("PqC9VFP8"), "{operation}");
    }
}

/// Each row: a job that is in order, where in its parameters a value is changed, the field at fault and the rule.
#[test]
fn bad_input_is_named_before_the_wire() {
    let dialect = dialect();
    for (name, place, value, field, rule) in [
        ("domain_check", "/domain", json!("*.co.nz"), "domain", "wildcard"),
        ("domain_check", "/domain", json!("example.com"), "domain", "below .nz"),
        ("domain_check", "/domain", json!(null), "domain", "missing"),
        ("domain_create", "/term", json!(0), "term", "from 1 to 120"),
        ("domain_create", "/term", json!(121), "term", "from 1 to 120"),
        ("domain_create", "/term", json!(null), "term", "missing"),
        ("domain_create", "/registrant", json!(null), "registrant", "missing"),
        ("domain_create", "/registrant/name", json!(null), "registrant.name", "cannot be cleared"),
        ("domain_create", "/registrant/email", json!("owner"), "registrant.email", "no @"),
        ("domain_create", "/registrant/country_code", json!("New Zealand"), "registrant.country_code", "ISO 3166-1"),
        ("domain_create", "/registrant/city", json!(null), "registrant.city", "cannot be cleared"),
        ("domain_create", "/registrant/phone", json!("04 111 234"), "registrant.phone", "+64.4.1234567"),
        ("domain_create", "/registrant/privacy", json!("1"), "registrant.privacy", "true or false"),
        ("domain_create", "/admin", json!("x"), "admin", "3 to 16"),
        ("domain_create", "/admin", json!("isp-*"), "admin", "3 to 16"),
        ("domain_create", "/nserver/1", json!("ns1.example.co.nz"), "nserver[1]", "twice"),
        ("domain_create", "/nserver/1", json!("ns2.example.net 192.0.2.1"), "nserver[1]", "lies outside"),
        ("domain_create", "/nserver/0", json!("ns1.example.co.nz 192.0.2.1 192.0.2.2"), "nserver[0]", "two addresses"),
        ("domain_create", "/nserver", json!(vec!["x"; 11]), "nserver", "at most 10"),
        ("domain_create", "/ds/0", json!("42454 8 2 3A54"), "ds[0]", "64 digits"),
        ("domain_create", "/ds/0", json!("42454 8 2"), "ds[0]", "hexadecimal"),
        ("domain_create", "/ds/0", json!("99999 8 2 3A54"), "ds[0]", "65535"),
        ("domain_create_macron", "/domain", json!("münchen.nz"), "domain", "no letter of .nz"),
        ("domain_update_lock", "/lock", json!(null), "params", "states no change"),
        ("domain_update", "/registrant", json!(null), "registrant", "cannot be cleared"),
        ("domain_update_clear", "/registrant/city", json!(null), "registrant.city", "cannot be cleared"),
        ("domain_renew", "/years", json!(11), "years", "from 1 to 10"),
        ("domain_transfer", "/auth_info", json!("short"), "auth_info", "8 letters"),
        ("domain_authcode_check", "/auth_info", json!(null), "auth_info", "missing"),
        ("contact_create", "/handle", json!("a b  c"), "handle", "3 to 16"),
        ("contact_update", "/email", json!(null), "email", "cannot be cleared"),
        ("account_info_domains", "/fields/0", json!("Colour"), "fields[0]", "must be one of"),
        ("account_info_domains", "/from", json!("2019-07-01"), "from", "an instant"),
        ("account_info_domains", "/from", json!("2019-08-01T00:00:00Z"), "to", "before"),
        ("account_info_bills", "/status", json!("Paid"), "status", "Confirmed"),
        ("account_info_bills", "/question", json!("whose"), "question", "bills, action, domains"),
        ("message_delete", "/id", json!("srsrps-1_376"), "id", "a colon"),
        ("raw_reset", "/request", json!("<NZSRSResponse/>"), "request", "NZSRSRequest"),
        ("raw_reset", "/request", json!("<NZSRSRequest/>"), "request", "an action"),
        ("raw_reset", "/request", json!(load("5.3.6-1-request.xml")), "request", "more than one action"),
        ("raw_reset", "/request", json!("<SRSRequest><GetMessages/><Whois/></SRSRequest>"), "request", "alone"),
        (
            "raw_reset",
            "/request",
            json!("<SRSRequest><DomainUpdate><DomainNameFilter>*.nz</DomainNameFilter></DomainUpdate></SRSRequest>"),
            "request",
            "one plain name",
        ),
    ] {
        let Request { operation, params, .. } = job(name);
        dialect.check(operation, &params).unwrap();
        let mut params = Value::Object(params);
        *params.pointer_mut(place).unwrap_or_else(|| panic!("{name} has no {place}")) = value.clone();
        let Err(reject) = dialect.check(operation, params.as_object().unwrap()) else {
            panic!("{name} {place} {value}")
        };
        let field = if field == "params" { field.to_owned() } else { format!("params.{field}") };
        assert_eq!(reject.field, Some(field), "{name} {place} {value}: {reject}");
        assert!(reject.reason.contains(rule), "{name} {place} {value}: {reject}");
    }
    for (name, more, field) in [
        ("domain_check", json!({"colour": "red"}), "colour"),
        ("domain_create", json!({"years": 1}), "years"),
        ("domain_create", json!({"admin": {"handle": "isp-admin", "name": "x"}}), "admin.name"),
        ("contact_update_delete", json!({"name": "x"}), "name"),
        ("domain_renew", json!({"expires": "soon"}), "expires"),
        ("domain_delete", json!({"question": "why"}), "question"),
    ] {
        let Request { operation, mut params, .. } = job(name);
        params.extend(more.as_object().unwrap().clone());
        let reject = dialect.check(operation, &params).unwrap_err();
        assert_eq!(reject.field, Some(format!("params.{field}")), "{name}: {reject}");
    }
}

#[test]
fn the_meaning_sees_every_difference() {
    let sample = load("7-1-request.xml");
    let whole = meaning(&sample);
    for (from, to) in
        [("Address2=\"\" ", ""), ("<Fax/>", ""), ("14 Rural", "15 Rural"), ("clear-1", "clear-2"), (".nz<", ".nx<")]
    {
        assert!(sample.contains(from));
        assert_ne!(meaning(&sample.replace(from, to)), whole, "{from}");
    }
    let swapped = sample.replace("City=\"Wellington\" CountryCode=\"NZ\"", "CountryCode=\"NZ\"  City=\"Wellington\"");
    assert!(swapped != sample && meaning(&swapped) == whole, "the order of attributes means nothing");
    assert!(xmllint(&sample.replace("Address2", "Address3")).is_err());
    let moved = sample.replace("<Fax/>", "").replace("<PostalAddress", "<Fax/><PostalAddress");
    assert!(xmllint(&moved).is_err(), "the order of elements does");
}
