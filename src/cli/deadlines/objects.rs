//! Objects as people write them, and as the registries spell them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::config::Config;
use crate::model::{ObjectKey, ObjectKind, Operation};
use crate::registries::{self, Dialect, Registry, WireOptions};

/// Most characters of a name that no registry checks.
const LONGEST: usize = 255;

const KINDS: &[ObjectKind] = &[
    ObjectKind::Domain,
    ObjectKind::Contact,
    ObjectKind::Host,
    ObjectKind::Account,
    ObjectKind::Order,
    ObjectKind::Message,
];

/// The languages of the accounts, each made when it is first needed.
pub struct Tongues<'a> {
    config: &'a Config,
    made: BTreeMap<&'a str, Tongue>,
}

enum Tongue {
    Account(Arc<dyn Registry>),
    /// The account cannot be made here, since its secrets cannot be read; its registry is known all the same.
    Plain(Arc<dyn Dialect>),
    /// There is no such registry.
    None,
}

impl<'a> Tongues<'a> {
    /// Of these accounts.
    #[must_use]
    pub const fn new(config: &'a Config) -> Self {
        Self { config, made: BTreeMap::new() }
    }

    /// The key of `example.de` or `contact:HANDLE`, as jobs of this account have it.
    ///
    /// # Errors
    /// Why there is no such object.
    pub fn key(&mut self, account: &str, text: &str) -> Result<ObjectKey, String> {
        let (kind, name) = parts(text)?;
        let (operation, param) = match kind {
            ObjectKind::Domain => (Operation::DomainInfo, "domain"),
            ObjectKind::Contact => (Operation::ContactInfo, "handle"),
            ObjectKind::Host | ObjectKind::Account | ObjectKind::Order | ObjectKind::Message => {
                return unchecked(kind, name);
            }
        };
        let Some(dialect) = self.dialect(account, operation) else { return unchecked(kind, name) };
        let params = Map::from_iter([(param.to_owned(), Value::String(name.to_owned()))]);
        dialect.check(operation, &params).map(|checked| checked.object).map_err(|reject| reject.reason)
    }

    /// What somebody means who looks for it: the spelling of the first registry that knows such a name, else as it stands.
    #[must_use]
    pub fn meant(&mut self, account: Option<&str>, text: &str) -> ObjectKey {
        let accounts = self.config.accounts.keys().map(String::as_str);
        let meant: Vec<&str> = accounts.filter(|name| account.is_none_or(|account| account == *name)).collect();
        let found = meant.into_iter().find_map(|account| self.key(account, text).ok());
        let as_it_stands = || match text.contains(':') {
            true => ObjectKey::stored(text.to_owned()),
            false => ObjectKey::new(ObjectKind::Domain, text),
        };
        found.unwrap_or_else(as_it_stands)
    }

    fn dialect(&mut self, account: &str, operation: Operation) -> Option<&dyn Dialect> {
        let (name, settings) = self.config.accounts.get_key_value(account)?;
        let plugin = registries::plugin(&settings.registry)?;
        let tongue = self.made.entry(name).or_insert_with(|| {
            let options = WireOptions { account: name.clone(), ..WireOptions::default() };
            let made = (plugin.account)(name, &Value::Object(settings.settings.clone()));
            let plain = || (plugin.dialect)(&options).map_or(Tongue::None, Tongue::Plain);
            made.map_or_else(|_| plain(), Tongue::Account)
        });
        match tongue {
            _ if !plugin.operations.contains(&operation) => None,
            Tongue::Account(account) => Some(account.dialect()),
            Tongue::Plain(dialect) => Some(&**dialect),
            Tongue::None => None,
        }
    }
}

/// Kind and name; a name without kind is a domain's.
fn parts(text: &str) -> Result<(ObjectKind, &str), String> {
    let Some((word, name)) = text.split_once(':') else { return Ok((ObjectKind::Domain, text)) };
    let kind = KINDS.iter().find(|kind| kind.name() == word).ok_or_else(|| {
        let known: Vec<_> = KINDS.iter().map(|kind| kind.name()).collect();
        format!("there is no kind of object `{}`; there are: {}", word.escape_default(), known.join(", "))
    })?;
    Ok((*kind, name))
}

/// A name that can be stored and printed.
fn unchecked(kind: ObjectKind, name: &str) -> Result<ObjectKey, String> {
    let fits = (1..=LONGEST).contains(&name.chars().count());
    if fits && !name.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Ok(ObjectKey::new(kind, name));
    }
    Err(format!("a name has 1 to {LONGEST} characters and neither spaces nor control characters"))
}
