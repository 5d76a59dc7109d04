//! The registries of the year, and the accounts there as the sandbox names them.

use std::fmt::Write as _;

use serde_json::Value;

/// A registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Registry {
    Denic,
    Opensrs,
    NzSrs,
    Rrp,
}

impl Registry {
    pub const ALL: [Self; 4] = [Self::Denic, Self::Opensrs, Self::NzSrs, Self::Rrp];

    /// Its name in the configuration and in the ledger.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Denic => "denic-rri",
            Self::Opensrs => "opensrs",
            Self::NzSrs => "nz-srs",
            Self::Rrp => "rrp",
        }
    }

    /// Its part of the sandbox's ready line, and the fields there: account, user, password or key.
    const fn fields(self) -> (&'static str, [&'static str; 3]) {
        match self {
            Self::Denic => ("denic_rri", ["account", "user", "password"]),
            Self::Opensrs => ("opensrs", ["username", "username", "private_key"]),
            Self::NzSrs => ("nz_srs", ["registrar_id", "registrar_id", "secret_key"]),
            Self::Rrp => ("rrp", ["id", "id", "password"]),
        }
    }

    /// Where its names end.
    pub const fn zone(self) -> &'static str {
        match self {
            Self::Denic => "de",
            Self::Opensrs => "com",
            Self::NzSrs => "co.nz",
            Self::Rrp => "net",
        }
    }

    /// By whose clocks its accounts' days go.
    pub const fn time_zone(self) -> &'static str {
        match self {
            Self::Denic => "Europe/Berlin",
            Self::Opensrs => "America/Toronto",
            Self::NzSrs => "Pacific/Auckland",
            Self::Rrp => "America/New_York",
        }
    }

    /// Where its objects stand in `GET /objects`, and what a domain's account and end are called there.
    pub const fn shown(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Denic => ("denic_rri", "account", ""),
            Self::Opensrs => ("opensrs", "account", "expires"),
            Self::NzSrs => ("nz_srs", "registrar_id", "billed_until"),
            Self::Rrp => ("rrp", "registrar", "expires"),
        }
    }
}

/// An account.
#[derive(Clone, Debug)]
pub struct Place {
    pub registry: Registry,
    pub account: String,
    /// Whether the configuration has acts for it: the first of each registry's two.
    pub covered: bool,
    user: String,
    secret: String,
}

/// The accounts in the sandbox's ready line, two of each registry.
pub fn places(ready: &Value) -> Vec<Place> {
    let mut places = Vec::new();
    for registry in Registry::ALL {
        let (part, fields) = registry.fields();
        for (number, account) in ready[part]["accounts"].as_array().unwrap().iter().take(2).enumerate() {
            let [account, user, secret] = fields.map(|field| account[field].as_str().unwrap().to_owned());
            places.push(Place { registry, account, covered: number == 0, user, secret });
        }
    }
    places
}

impl Place {
    /// Its part of the configuration; secrets are written beside it.
    pub fn settings(&self, ready: &Value, directory: &std::path::Path) -> String {
        let secret = directory.join(format!("{}.secret", self.account)).display().to_string();
        if self.registry != Registry::NzSrs {
            std::fs::write(&secret, &self.secret).unwrap();
        }
        let (part, _) = self.registry.fields();
        let text = |field: &str| ready[part][field].as_str().unwrap().to_owned();
        let (account, name, user) = (&self.account, self.registry.name(), &self.user);
        let mut toml = format!("\n[accounts.{account}]\nregistry = '{name}'\nanswer_seconds = 20\n");
        let ca = ready["ca"].as_str().unwrap();
        match self.registry {
            Registry::Denic | Registry::Rrp => {
                let address = text("address");
                write!(toml, "address = '{address}'\nuser = '{user}'\npassword_file = '{secret}'\nca_file = '{ca}'\n")
            }
            Registry::Opensrs => {
                let address = text("https").trim_start_matches("https://").trim_end_matches('/').to_owned();
                write!(
                    toml,
                    "transport = 'https'\naddress = '{address}'\nuser = '{user}'\nkey_file = '{secret}'\nca_file = '{ca}'\n"
                )
            }
            Registry::NzSrs => {
                let (url, key, theirs) = (text("url"), &self.secret, text("registry_key"));
                write!(
                    toml,
                    "url = '{url}'\nregistrar_id = '{user}'\nenvironment = 'other'\nca_file = '{ca}'\n\
                     keys = [{{ file = '{key}' }}]\nregistry_keys = [{{ file = '{theirs}' }}]\n"
                )
            }
        }
        .unwrap();
        toml += &format!("\n[accounts.{account}.limits]\nrequests = 100000\nsessions = 5\n");
        toml += match self.registry {
            Registry::Denic => "timetable = []\nquiet = []\nquota = 0\n",
            Registry::NzSrs => "spacing_seconds = 0.0\n",
            _ => "",
        };
        toml
    }
}
