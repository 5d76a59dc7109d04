//! Requests, and the checks that need nothing but the request. Their order and their codes are those of the registry's own
//! test tool.

use super::super::RrpOptions;
use super::super::RrpVersion;
use super::super::rules::{self, Address};
use super::lines::Message;
use crate::model::Secret;

/// Most name servers of a domain, and most addresses of a name server, in one command.
const MOST: usize = 13;
/// Longest name and longest value.
const LONGEST: usize = 128;

/// The ten commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Verb {
    Add,
    Check,
    Del,
    Describe,
    Mod,
    Quit,
    Renew,
    Session,
    Status,
    Transfer,
}

/// What a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Entity {
    Domain,
    Host,
    /// Neither.
    Nothing,
}

/// What a line says, in the order in which lines are to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Field {
    Target,
    Id,
    Password,
    NewPassword,
    Approve,
    EntityName,
    DomainName,
    Period,
    Year,
    NameServer,
    NewNameServer,
    IpAddress,
    Status,
    /// What only the registry sets.
    Implicit,
}

/// Words of commands.
const VERBS: &[(&str, Verb)] = &[
    ("add", Verb::Add),
    ("check", Verb::Check),
    ("del", Verb::Del),
    ("describe", Verb::Describe),
    ("mod", Verb::Mod),
    ("quit", Verb::Quit),
    ("renew", Verb::Renew),
    ("session", Verb::Session),
    ("status", Verb::Status),
    ("transfer", Verb::Transfer),
];

/// Names of attributes.
const ATTRIBUTES: &[(&str, Field)] = &[
    ("EntityName", Field::EntityName),
    ("DomainName", Field::DomainName),
    ("NameServer", Field::NameServer),
    ("NewNameServer", Field::NewNameServer),
    ("IPAddress", Field::IpAddress),
    ("Status", Field::Status),
];

/// Attributes that follow from others and that MOD may not touch (543), without blanks.
const IMPLICIT: &[&str] = &[
    "registrar",
    "registrartransferdate",
    "registrationexpirationdate",
    "createddate",
    "createdby",
    "updateddate",
    "updatedby",
];

impl Verb {
    /// Its options with their names.
    const fn options(self) -> &'static [(&'static str, Field)] {
        match self {
            Self::Add => &[("Period", Field::Period)],
            Self::Describe => &[("Target", Field::Target)],
            Self::Renew => &[("Period", Field::Period), ("CurrentExpirationYear", Field::Year)],
            Self::Session => &[("Id", Field::Id), ("Password", Field::Password), ("NewPassword", Field::NewPassword)],
            Self::Transfer => &[("Approve", Field::Approve)],
            Self::Check | Self::Del | Self::Mod | Self::Quit | Self::Status => &[],
        }
    }

    /// Whether it acts on an object.
    const fn has_object(self) -> bool {
        !matches!(self, Self::Describe | Self::Quit | Self::Session)
    }

    /// The lines it takes about an entity, beside those for the object's name.
    const fn takes(self, entity: Entity) -> &'static [Field] {
        match (self, entity) {
            (Self::Add, Entity::Domain) => &[Field::NameServer],
            (Self::Add, Entity::Host) => &[Field::IpAddress],
            (Self::Mod, Entity::Domain) => &[Field::NameServer, Field::Status, Field::Implicit],
            (Self::Mod, Entity::Host) => &[Field::NewNameServer, Field::IpAddress, Field::Implicit],
            _ => &[],
        }
    }
}

/// A value that comes, goes, or takes the place of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Change<T> {
    pub(in super::super) old: Option<T>,
    pub(in super::super) new: Option<T>,
}

impl<T> Change<T> {
    /// Reads `new`, `old=` or `old=new`.
    fn read(text: &str, read: impl Fn(&str) -> Result<T, u16>) -> Result<Self, u16> {
        let Some((old, new)) = text.split_once('=') else { return Ok(Self { old: None, new: Some(read(text)?) }) };
        let new = if new.is_empty() { None } else { Some(read(new)?) };
        Ok(Self { old: Some(read(old)?), new })
    }

    /// A value that comes.
    fn add(text: &str, read: impl Fn(&str) -> Result<T, u16>) -> Result<Self, u16> {
        Ok(Self { old: None, new: Some(read(text)?) })
    }
}

/// A request that could be read.
#[derive(Clone, Debug)]
pub(in super::super) struct Request {
    pub(in super::super) verb: Verb,
    pub(in super::super) entity: Entity,
    /// The object in small letters, the registrar's id of a SESSION, or nothing.
    pub(in super::super) name: String,
    pub(in super::super) new_name: Option<String>,
    /// Name servers of a domain.
    pub(in super::super) servers: Vec<Change<String>>,
    /// Addresses of a name server.
    pub(in super::super) addresses: Vec<Change<Address>>,
    /// In capitals.
    pub(in super::super) statuses: Vec<Change<String>>,
    /// Whether it tries to change what only the registry sets.
    pub(in super::super) is_implicit: bool,
    pub(in super::super) period: Option<u8>,
    pub(in super::super) year: Option<i16>,
    pub(in super::super) approve: Option<bool>,
    pub(in super::super) password: Secret,
    pub(in super::super) new_password: Option<Secret>,
    /// Whether its lines came in the order of the grammar.
    pub(in super::super) is_in_order: bool,
}

/// The lines of a request behind the first.
struct Lines(Vec<(Field, String)>);

impl Lines {
    fn all(&self, field: Field) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(is, _)| *is == field).map(|(_, value)| value.as_str())
    }

    fn first(&self, field: Field) -> Option<&str> {
        self.all(field).next()
    }

    fn count(&self, field: Field) -> usize {
        self.all(field).count()
    }

    /// Reads all lines of a kind.
    fn read<T>(&self, field: Field, read: impl Fn(&str) -> Result<T, u16>) -> Result<Vec<T>, u16> {
        self.all(field).map(read).collect()
    }
}

/// The command a message begins with.
pub(in super::super) fn verb(message: &Message) -> Option<Verb> {
    let word = message.lines.first()?;
    VERBS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, verb)| *verb)
}

impl Request {
    /// Reads a message.
    ///
    /// # Errors
    /// The code it is refused with.
    pub(in super::super) fn read(message: &Message, options: &RrpOptions) -> Result<Self, u16> {
        let verb = verb(message).ok_or(500_u16)?;
        let lines = lines(verb, message)?;
        let entity = entity(verb, &lines)?;
        let name = object(verb, entity, &lines, options)?;
        let is_mod = verb == Verb::Mod;
        let change = |text: &str| if is_mod { Change::read(text, rules::host) } else { Change::add(text, rules::host) };
        let servers = if entity == Entity::Domain { lines.read(Field::NameServer, change)? } else { Vec::new() };
        let new_name = lines.first(Field::NewNameServer).map(rules::host).transpose()?;
        let registers = (verb == Verb::Add).then_some(&name).or(new_name.as_ref());
        if options.version >= RrpVersion::V200 && registers.is_some_and(|name| !rules::is_encoded(name)) {
            return Err(510);
        }
        let request = Self {
            verb,
            entity,
            new_name,
            servers,
            addresses: Vec::new(),
            statuses: lines.read(Field::Status, |text| Change::read(text, |word| Ok(word.to_ascii_uppercase())))?,
            is_implicit: lines.first(Field::Implicit).is_some(),
            period: lines.first(Field::Period).map(rules::period).transpose()?,
            year: lines.first(Field::Year).map(rules::year).transpose()?,
            approve: lines.first(Field::Approve).map(approve).transpose()?,
            password: lines.first(Field::Password).map(rules::password).transpose()?.unwrap_or(Secret::new("")),
            new_password: lines.first(Field::NewPassword).map(rules::password).transpose()?,
            // Both options of RENEW may come first.
            is_in_order: lines
                .0
                .is_sorted_by_key(|(field, _)| if *field == Field::Year { Field::Period } else { *field }),
            name,
        };
        request.complete(&lines, options)
    }

    /// What is checked last: options that need others, and addresses.
    fn complete(mut self, lines: &Lines, options: &RrpOptions) -> Result<Self, u16> {
        if lines.first(Field::Target).is_some_and(|target| !target.eq_ignore_ascii_case("protocol")) {
            return Err(506);
        }
        let lacks = match self.verb {
            Verb::Renew => self.period.is_some() != self.year.is_some(),
            Verb::Session => self.name.is_empty() || self.password.expose().is_empty(),
            _ => false,
        };
        if lacks {
            return Err(509);
        }
        let address = |text: &str| rules::address(text, options.version);
        let change = |text: &str| {
            if self.verb == Verb::Mod { Change::read(text, address) } else { Change::add(text, address) }
        };
        self.addresses = lines.read(Field::IpAddress, change)?;
        Ok(self)
    }

    /// Whether it changes anything.
    pub(in super::super) const fn is_write(&self) -> bool {
        matches!(self.verb, Verb::Add | Verb::Del | Verb::Mod | Verb::Renew | Verb::Transfer)
    }
}

/// Reads the lines behind the first.
fn lines(verb: Verb, message: &Message) -> Result<Lines, u16> {
    let mut lines = Lines(Vec::new());
    for line in message.lines.iter().skip(1) {
        let (name, value) = line.split_once(':').ok_or(507_u16)?;
        let field = match name.strip_prefix('-') {
            Some(_) if verb.options().is_empty() => return Err(507),
            Some(name) => known(verb.options(), name).ok_or(501_u16)?,
            None if !verb.has_object() => return Err(507),
            None => known(ATTRIBUTES, name).or_else(|| implicit(verb, name)).ok_or(503_u16)?,
        };
        let may_repeat = matches!(field, Field::NameServer | Field::IpAddress | Field::Status);
        if value.is_empty() || lines.count(field) > 0 && !may_repeat {
            return Err(507);
        }
        if value.len() > LONGEST {
            return Err(if name.starts_with('-') { 506 } else { 505 });
        }
        lines.0.push((field, value.to_owned()));
    }
    if message.is_clean { Ok(lines) } else { Err(507) }
}

fn known(table: &[(&str, Field)], name: &str) -> Option<Field> {
    table.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, field)| *field)
}

fn implicit(verb: Verb, name: &str) -> Option<Field> {
    let name = name.replace(' ', "").to_ascii_lowercase();
    (verb == Verb::Mod && IMPLICIT.contains(&name.as_str())).then_some(Field::Implicit)
}

/// What the command is about, as far as the lines it has fit to that.
fn entity(verb: Verb, lines: &Lines) -> Result<Entity, u16> {
    if !verb.has_object() {
        return Ok(Entity::Nothing);
    }
    let entity = match lines.first(Field::EntityName).ok_or(508_u16)? {
        text if text.eq_ignore_ascii_case("domain") => Entity::Domain,
        text if text.eq_ignore_ascii_case("nameserver") => Entity::Host,
        _ => return Err(502),
    };
    if entity == Entity::Host && matches!(verb, Verb::Renew | Verb::Transfer) {
        return Err(502);
    }
    let of_object = if entity == Entity::Domain { Field::DomainName } else { Field::NameServer };
    if lines.first(of_object).is_none() {
        return Err(504);
    }
    let options = verb.options();
    for (field, _) in &lines.0 {
        let is_option = options.iter().any(|(_, option)| option == field);
        if is_option && entity == Entity::Host {
            return Err(501);
        }
        let fits = *field == Field::EntityName || *field == of_object || verb.takes(entity).contains(field);
        if !fits && !is_option {
            return Err(503);
        }
    }
    let is_twice = entity == Entity::Host && lines.count(Field::NameServer) > 1;
    let is_long = lines.count(Field::NameServer) > MOST || lines.count(Field::IpAddress) > MOST;
    if is_twice || is_long { Err(507) } else { Ok(entity) }
}

/// The name of the object.
fn object(verb: Verb, entity: Entity, lines: &Lines, options: &RrpOptions) -> Result<String, u16> {
    match entity {
        Entity::Domain => rules::domain(lines.first(Field::DomainName).unwrap_or_default(), &options.tlds),
        Entity::Host => {
            let text = lines.first(Field::NameServer).unwrap_or_default();
            let has_address = lines.first(Field::IpAddress).is_some();
            match rules::is_inside(text, &options.tlds) {
                true if verb == Verb::Add && !has_address => Err(504),
                false if verb == Verb::Add && has_address => Err(503),
                _ => rules::host(text),
            }
        }
        Entity::Nothing => lines.first(Field::Id).map_or(Ok(String::new()), rules::id),
    }
}

fn approve(text: &str) -> Result<bool, u16> {
    match text.to_ascii_lowercase().as_str() {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(506),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::super::dice::Dice;
    use super::super::lines::{Heard, Reader};
    use super::*;

    /// One of each command.
    const SAMPLES: &[&str] = &[
        "add\r\nEntityName:Domain\r\nDomainName:example.com\r\n-Period:10\r\nNameServer:ns1.example.com\r\n.\r\n",
        "add\r\nEntityName:NameServer\r\nNameServer:ns1.example.com\r\nIPAddress:10AA:0:0:00:8:800:200C:417A\r\n.\r\n",
        "check\r\nEntityName:Domain\r\nDomainName:example.com\r\n.\r\n",
        "describe\r\n-Target:Protocol\r\n.\r\n",
        "mod\r\nEntityName:Domain\r\nDomainName:example.com\r\nNameServer:ns1.a.com=ns2.a.com\r\nStatus:REGISTRAR-LOCK=\r\n.\r\n",
        "mod\r\nEntityName:NameServer\r\nNameServer:ns1.a.com\r\nNewNameServer:ns2.a.com\r\nIPAddress:198.41.1.11=\r\n.\r\n",
        "renew\r\nEntityName:Domain\r\nDomainName:example.com\r\n-Period:9\r\n-CurrentExpirationYear:2001\r\n.\r\n",
        "session\r\n-Id:registrarA\r\n-Password:i-am-registrarA\r\n-NewPassword:next-secret-1\r\n.\r\n",
        "transfer\r\n-Approve:No\r\nEntityName:Domain\r\nDomainName:example.com\r\n.\r\n",
    ];

    async fn read(bytes: &[u8]) -> Option<Result<Request, u16>> {
        match Reader::default().next(&mut &*bytes).await {
            Heard::Message(message) => Some(Request::read(&message, &RrpOptions::default())),
            Heard::TooLong | Heard::End => None,
        }
    }

    #[tokio::test]
    async fn changes_come_in_three_forms() {
        let request = read(SAMPLES[4].as_bytes()).await.unwrap().unwrap();
        let both = Change { old: Some("ns1.a.com".to_owned()), new: Some("ns2.a.com".to_owned()) };
        assert_eq!(request.servers, [both]);
        assert_eq!(request.statuses, [Change { old: Some("REGISTRAR-LOCK".to_owned()), new: None }]);
        assert!(request.is_in_order && request.is_write());
        assert!(!format!("{:?}", read(SAMPLES[7].as_bytes()).await).contains("i-am"), "no password");
    }

    #[tokio::test]
    async fn whatever_comes_is_read_or_has_a_code() {
        for sample in SAMPLES {
            assert!(matches!(read(sample.as_bytes()).await, Some(Ok(_))), "{sample}");
            for seed in 0..2000 {
                let (mut dice, mut bytes) = (Dice::new(11, seed), sample.as_bytes().to_vec());
                for _ in 0..=dice.below(4) {
                    let (at, other) = (dice.below(bytes.len()), dice.below(256));
                    match dice.below(3) {
                        0 => bytes[at] = u8::try_from(other).unwrap(),
                        1 => bytes.insert(at, bytes[other % bytes.len()]),
                        _ => drop(bytes.remove(at)),
                    }
                }
                if let Some(Err(code)) = read(&bytes).await {
                    let is_known = [500..=510, 535..=535, 541..=541].iter().any(|codes| codes.contains(&code));
                    assert!(is_known, "{code} with seed {seed} for {sample}");
                }
            }
        }
    }
}
