//! Jobs that name a pool: who may, what is checked, and whose order they join.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{job, origin};
use crate::config;
use crate::job::intake::{Gate, Publisher};
use crate::model::request::RejectCode::*;
use crate::model::{Limits, NewJob, Operation, Reject};
use crate::registries::{Dialect, OpenError, Registry, Session, WireOptions, plugin};

/// An account that checks as one at DENIC does.
struct Member(Arc<dyn Dialect>);

#[async_trait]
impl Registry for Member {
    fn kind(&self) -> &'static str {
        "denic-rri"
    }
    fn dialect(&self) -> &dyn Dialect {
        &*self.0
    }
    fn limits(&self) -> Limits {
        (plugin("denic-rri").unwrap().limits)()
    }
    fn identity(&self) -> String {
        "nobody".into()
    }
    async fn open(&self) -> Result<Box<dyn Session>, OpenError> {
        Err(OpenError::Unreachable("nothing is there".into()))
    }
}

const MEMBERS: [&str; 2] = ["DENIC-1000022", "DENIC-1000033"];

fn gate() -> Gate {
    let account = |name: &str| {
        let options = WireOptions { account: name.into(), ..WireOptions::default() };
        let dialect = (plugin("denic-rri").unwrap().dialect)(&options).unwrap();
        (name.to_owned(), Arc::new(Member(dialect)) as Arc<dyn Registry>)
    };
    let accounts = BTreeMap::from([account(MEMBERS[0]), account(MEMBERS[1]), account("DENIC-1000044")]);
    let pool = config::Pool { accounts: MEMBERS.map(str::to_owned).to_vec() };
    let publisher = |accounts: &[&str]| config::Publisher {
        weight: 1,
        accounts: accounts.iter().map(|&name| name.to_owned()).collect(),
        operations: vec!["*".into()],
    };
    let publishers =
        BTreeMap::from([("billing".to_owned(), publisher(&["both"])), ("desk".to_owned(), publisher(&["DENIC-*"]))]);
    Gate::new(accounts, &BTreeMap::from([("both".to_owned(), pool)]), publishers, config::Intake::default())
}

fn admit(user: &str, account: &str, operation: &str, params: Value) -> Result<NewJob, Reject> {
    let raw = job(json!({ "account": account, "operation": operation, "params": params }));
    gate().admit(&origin(user), &raw)
}

fn check(user: &str, account: &str) -> Result<NewJob, Reject> {
    admit(user, account, "domain.check", json!({ "domain": "example.de" }))
}

#[test]
fn jobs_of_a_pool_and_of_its_accounts_are_one_lane() {
    let of_pool = check("billing", "both").unwrap();
    assert_eq!((of_pool.account.as_str(), of_pool.pool.as_deref(), of_pool.lane()), ("both", Some("both"), "both"));
    let of_member = check("desk", MEMBERS[0]).unwrap();
    assert_eq!((of_member.account.as_str(), of_member.lane()), (MEMBERS[0], "both"));
    let outside = check("desk", "DENIC-1000044").unwrap();
    assert_eq!((outside.pool.as_deref(), outside.lane()), (None, "DENIC-1000044"));
    assert!(gate().knows("both") && !gate().knows("bothh"));
    assert_eq!(gate().plan(&of_pool), [Operation::DomainCheck]);
}

#[test]
fn the_registry_wants_to_be_told_of_many_orders_and_not_of_questions() {
    let order = admit("billing", "both", "domain.delete", json!({ "domain": "example.de" })).unwrap();
    let question = check("billing", "both").unwrap();
    assert!(gate().notices(&vec![order.clone(); 5000]).is_empty());
    assert!(gate().notices(&vec![question; 5001]).is_empty());
    let notices = gate().notices(&vec![order; 5001]);
    assert!(notices[0].contains("5001 orders for both") && notices[0].contains("DENIC"), "{notices:?}");
}

#[test]
fn nobody_publishes_as_the_deadlines() {
    let refused = check("deadlines", "both").unwrap_err();
    assert!(refused.code == NotAllowed && refused.reason.contains("`deadlines`"), "{refused}");
}

#[test]
fn a_publisher_needs_the_right_to_what_it_names() {
    let denied = |user, account| check(user, account).unwrap_err();
    assert_eq!(denied("billing", MEMBERS[0]).code, NotAllowed, "the pool, not its accounts");
    assert_eq!(denied("desk", "both").code, NotAllowed, "its accounts, not the pool");
    let meant = denied("billing", "botj");
    assert!(meant.code == UnknownAccount && meant.reason.contains("did you mean `both`?"), "{meant}");
    let hidden = denied("desk", "botj");
    assert!(hidden.code == UnknownAccount && !hidden.reason.contains("both"), "{hidden}");
}

#[test]
fn every_account_of_the_pool_has_to_take_the_job() {
    let contact = json!({
        "handle": "DENIC-1000022-MAX", "type": "PERSON", "name": "Max Mustermann", "address": ["Musterweg 1"],
        "postal_code": "60329", "city": "Frankfurt am Main", "country_code": "DE",
        "email": ["max@example.de"], "phone": "+49.6927235",
    });
    admit("desk", MEMBERS[0], "contact.create", contact.clone()).unwrap();
    let refused = admit("billing", "both", "contact.create", contact).unwrap_err();
    assert_eq!((refused.code, refused.field.as_deref()), (InvalidParameter, Some("params.handle")));
    for words in ["account `DENIC-1000033` of pool `both`", "must begin with `DENIC-1000033-`", "in place of the pool"]
    {
        assert!(refused.reason.contains(words), "{refused}");
    }
    // What every account refuses in the same words needs no further ones.
    let wrong = admit("billing", "both", "domain.check", json!({ "domain": "example.com" })).unwrap_err();
    assert_eq!(wrong, admit("desk", MEMBERS[0], "domain.check", json!({ "domain": "example.com" })).unwrap_err());
}

#[test]
fn what_belongs_to_one_account_names_no_pool() {
    let local = super::Origin { publisher: Publisher::Local, ..origin("") };
    for (operation, params) in [
        // Another account with each of them.
        ("account.info", json!({})),
        ("message.read", json!({})),
        ("message.delete", json!({ "message": "1" })),
    ] {
        let raw = job(json!({ "account": "both", "operation": operation, "params": params }));
        let reject = gate().admit(&local, &raw).unwrap_err();
        assert!(reject.reason.contains("name one of its accounts"), "{operation}: {reject}");
    }
    let raw = job(json!({ "account": "both", "operation": "account.info", "params": { "reg_acc": "DENIC-1000011" } }));
    assert_eq!(gate().admit(&local, &raw).unwrap().object.name(), "DENIC-1000011");
}
