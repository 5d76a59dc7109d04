//! What may enter and what may not, and in which order things become durable.

mod flow;
mod pools;
mod rules;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{DefaultId, Gate, Origin, Publisher};
use crate::broker::Delivery;
use crate::config;
use crate::job::fakes::FakeRegistry;
use crate::registries::Registry;

const ID: &str = "0192f0c1-7b7e-7c3a-9f00-0000000000aa";

fn gate() -> Gate {
    let account = |name: &str| (name.to_owned(), Arc::new(FakeRegistry) as Arc<dyn Registry>);
    let accounts = BTreeMap::from([account("DENIC-1000022"), account("DENIC-1000033"), account("secret-account")]);
    let publisher = |accounts: &[&str], operations: &[&str]| config::Publisher {
        weight: 1,
        accounts: accounts.iter().map(|&name| name.to_owned()).collect(),
        operations: operations.iter().map(|&name| name.to_owned()).collect(),
    };
    let publishers = BTreeMap::from([
        ("billing".to_owned(), publisher(&["DENIC-*"], &["*"])),
        ("operator".to_owned(), publisher(&["*"], &["domain.*", "raw", "message.delete"])),
        ("wide".to_owned(), publisher(&["*"], &["*", "raw*", "message.*"])),
        ("viewer".to_owned(), publisher(&["DENIC-1000022"], &["domain.info", "contact.*"])),
    ]);
    Gate::new(
        accounts,
        &BTreeMap::new(),
        publishers,
        config::Intake { max_message_bytes: 10_000, max_bulk_jobs: 5, batch: 4, open: false },
    )
}

fn origin(user: &str) -> Origin<'_> {
    Origin {
        publisher: Publisher::Broker(Some(user)),
        id: DefaultId::MessageId(Some(ID)),
        batch: None,
        reply_to: None,
        correlation_id: None,
    }
}

fn delivery(tag: u64, body: impl Into<Vec<u8>>) -> Delivery {
    Delivery {
        tag,
        generation: 1,
        body: body.into(),
        user_id: Some("billing".into()),
        message_id: None,
        reply_to: Some("replies".into()),
        correlation_id: Some(format!("c-{tag}")),
    }
}

/// A good job with some keys changed.
fn job(changes: Value) -> Value {
    let mut job =
        json!({ "account": "DENIC-1000022", "operation": "domain.create", "params": { "domain": "example.de" } });
    for (key, value) in changes.as_object().unwrap() {
        job[key] = value.clone();
    }
    job
}

fn numbered(number: u8) -> Value {
    job(json!({ "id": format!("0192f0c1-7b7e-7c3a-9f00-0000000000{number:02x}") }))
}
