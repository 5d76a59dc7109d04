//! The accounts of the demo: what the daemon's configuration says of them, and who they are to their registries.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use super::super::exit::Failure;
use super::DemoArgs;
use super::parts::{Account, PARTS, Part};
use super::referee::Told;
use super::stage::software;
use crate::config::Config;
use crate::model::Job;

/// Everything that waits is shortened.
const SHORTENED: &str = "[http]\nlisten = \"\"\n\n[intake]\nopen = true\n\n[daemon]\npoll_millis = 100\n\n\
    [retry]\nsoon = [0.1, 0.5]\nbackoff = [0.2, 1.0]\nquestion = [0.1, 1.0]\npending = [0.2, 0.5]\n\
    connect = [0.1, 0.5]\n\n[poll]\nshortest = 0.1\nlongest = 0.2\n";

/// All accounts, by their names.
#[derive(Clone)]
pub struct Cast(BTreeMap<&'static str, (&'static Part, Account)>);

impl Cast {
    /// The accounts of all parts, as the sandbox has them.
    pub fn of(ready: &Value) -> Result<Self, Failure> {
        let mut cast = BTreeMap::new();
        for part in PARTS {
            let accounts = (part.accounts)(ready).map_err(|missing| software(missing.0))?;
            cast.extend(accounts.into_iter().map(|account| (account.name, (part, account))));
        }
        Ok(Self(cast))
    }

    /// The name of a job's registry.
    pub fn registry(&self, job: &Job) -> &'static str {
        self.0.get(job.account.as_str()).map_or("-", |(part, _)| part.registry)
    }

    /// A job for the referee, if it is one of this part.
    pub fn told<'a>(&'a self, part: &Part, job: &'a Job) -> Option<Told<'a>> {
        let (own, account) = self.0.get(job.account.as_str())?;
        (own.registry == part.registry).then(|| Told { job, known_as: &account.known_as })
    }

    /// The configuration of the demo's daemon, written into the directory beside the secrets it names.
    pub fn configuration(&self, args: &DemoArgs, store: &str, path: &Path) -> Result<Config, Failure> {
        let written = |error: std::io::Error| software(error.to_string());
        // Secrets of jobs are sealed with it.
        let keys = path.join("parameter_keys");
        let key: String = rand::random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect();
        std::fs::write(&keys, key).map_err(written)?;
        let keys = Value::from(keys.display().to_string());
        let mut file = format!("[store]\nurl = {}\nparameter_keys_file = {keys}\n\n{SHORTENED}", Value::from(store));
        if let Some(url) = &args.amqp {
            file.push_str(&format!("\n[broker]\nurl = {}\n", Value::from(url.as_str())));
        }
        for (name, (part, account)) in &self.0 {
            let mut settings = account.settings.clone();
            settings.insert("registry".into(), part.registry.into());
            for (setting, secret) in &account.secrets {
                let place = path.join(format!("{name}.{setting}"));
                std::fs::write(&place, secret).map_err(written)?;
                settings.insert((*setting).into(), place.display().to_string().into());
            }
            file.push_str(&table(&format!("accounts.{name}"), &settings));
        }
        let place = path.join("registrard.toml");
        std::fs::write(&place, file).map_err(written)?;
        Config::load_with(Some(&place), &[]).map_err(|error| software(error.to_string()))
    }
}

/// A table as TOML; the tables in it come behind.
fn table(name: &str, of: &Map<String, Value>) -> String {
    let mut text = format!("\n[{name}]\n");
    for (key, value) in of.iter().filter(|(_, value)| !value.is_object()) {
        text.push_str(&format!("{key} = {}\n", inline(value)));
    }
    for (key, value) in of {
        if let Value::Object(inner) = value {
            text.push_str(&table(&format!("{name}.{key}"), inner));
        }
    }
    text
}

/// A value as TOML, on one line. Texts and numbers are written as in JSON.
fn inline(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields: Vec<_> = fields.iter().map(|(key, value)| format!("{key} = {}", inline(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        other => other.to_string(),
    }
}
