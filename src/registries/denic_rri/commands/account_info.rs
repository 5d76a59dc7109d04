//! RegAcc INFO: the profile of a registrar account, our own or another's.

use serde_json::{Value, json};

use super::super::check;
use super::super::codec::tree::{Action, Block, Item};
use super::super::codec::words::{Section, Space, Word};
use super::super::params::{Params, missing, refuse};
use super::shown::{self, As, Field};
use super::{Request, Rules};
use crate::model::{ObjectKey, ObjectKind, Operation, Reject};

/// Asks for a registrar account.
pub struct AccountInfo {
    reg_acc: String,
}

const SHOWN: &[Field] = &[
    ("name", Word::Name, As::Text),
    ("address", Word::Address, As::List),
    ("postal_code", Word::PostalCode, As::Text),
    ("city", Word::City, As::Text),
    ("country_code", Word::CountryCode, As::Upper),
    ("phone", Word::Phone, As::List),
    ("fax", Word::Fax, As::List),
    ("email", Word::Email, As::Text),
    ("url", Word::Url, As::Text),
    ("member_id", Word::MemberAccId, As::Upper),
    ("changed", Word::Changed, As::Text),
];

impl Request for AccountInfo {
    const OPERATION: Operation = Operation::AccountInfo;
    const ACTION: Action = Action { kv: "INFO", space: Space::Regacc, xml: "info" };
    const PARAMS: &'static [&'static str] = &["reg_acc"];

    fn read(params: &Params<'_>, rules: &Rules) -> Result<Self, Reject> {
        let own = Some(&rules.reg_acc).filter(|own| !own.is_empty()).cloned();
        let reg_acc = params.optional("reg_acc")?.or(own).ok_or_else(|| missing("reg_acc"))?.to_uppercase();
        check::length("reg_acc", &reg_acc, 7, 13)?;
        let number = reg_acc.strip_prefix("DENIC-").unwrap_or_default();
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refuse("reg_acc", "must have the form DENIC-1000022", &reg_acc));
        }
        Ok(Self { reg_acc })
    }

    fn object(&self) -> ObjectKey {
        ObjectKey::new(ObjectKind::Account, &self.reg_acc)
    }

    fn items(self) -> Vec<Item> {
        vec![Item::field(Word::RegAcc, self.reg_acc)]
    }

    /// The profile; `general_request` and `abuse_contact` are what the account has for all its domains.
    fn data(answer: &Block) -> Value {
        let mut object = shown::fields(answer, SHOWN);
        // K/V and XML name it differently.
        if let Some(id) = answer.get(Word::RegAccId).or_else(|| answer.get(Word::RegAcc)) {
            object.insert("id".into(), json!(id.to_uppercase()));
        }
        for (name, section) in [("general_request", Section::GeneralRequest), ("abuse_contact", Section::AbuseContact)]
        {
            if let Some(block) = answer.sections(section).next() {
                object.insert(name.into(), Value::Object(shown::contact(block)));
            }
        }
        Value::Object(object)
    }
}
