//! UPDATE_CONTACTS: replaces contacts, each one as a whole. A new owner is a command of its own for the billing system, since
//! it may change who holds the domain; for the registry it is the same one.

use super::super::check::{self, Contact};
use super::super::codec::tree::Node;
use super::super::params::Params;
use super::access::Access;
use super::attributes::Attributes;
use super::{Request, Rules};
use crate::model::{ObjectKey, Reject};

const PARAMS: &[&str] = &["domain", "username", "password", "cookie", "contacts"];

/// The types that change, and what they become.
fn attributes(access: Access, contacts: Vec<Contact>) -> Attributes {
    let types = Node::array(contacts.iter().map(|contact| Node::text(contact.role)));
    access.attributes().put("types", types).put("contact_set", check::contact_set(contacts))
}

/// Replaces contacts.
pub struct UpdateContacts {
    access: Access,
    contacts: Vec<Contact>,
}

impl Request for UpdateContacts {
    const ACTION: &'static str = "UPDATE_CONTACTS";
    const PARAMS: &'static [&'static str] = PARAMS;

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        let access = Access::read(params)?;
        let contacts = check::contacts(params, &[], check::ROLES, &access.domain)?;
        Ok(Self { access, contacts })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        self.access.object()
    }

    fn cookie(&self) -> Option<String> {
        self.access.cookie.clone()
    }

    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        attributes(self.access, self.contacts)
    }
}

/// Replaces the owner.
pub struct ChangeOwner(UpdateContacts);

impl Request for ChangeOwner {
    const ACTION: &'static str = UpdateContacts::ACTION;
    const PARAMS: &'static [&'static str] = PARAMS;

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        let access = Access::read(params)?;
        let contacts = check::contacts(params, &check::ROLES[..1], &check::ROLES[..1], &access.domain)?;
        Ok(Self(UpdateContacts { access, contacts }))
    }

    fn object(&self, rules: &Rules) -> ObjectKey {
        self.0.object(rules)
    }

    fn cookie(&self) -> Option<String> {
        self.0.cookie()
    }

    fn attributes(self, transaction: &str, rules: &Rules) -> Attributes {
        self.0.attributes(transaction, rules)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{contact, made, refused};
    use crate::model::Operation::{DomainChangeHolder, DomainUpdate};

    #[test]
    fn the_types_are_those_of_the_contacts() {
        let params = json!({"domain": "example.com", "contacts": {"tech": contact(), "owner": contact()}});
        let made = made(DomainUpdate, params);
        assert_eq!(made["attributes"]["types"], json!(["owner", "tech"]));
        assert_eq!(made["attributes"]["contact_set"], json!({"owner": contact(), "tech": contact()}));
    }

    #[test]
    fn rules_name_the_field() {
        let good = json!({"domain": "example.com", "contacts": {"owner": contact()}});
        refused(
            DomainChangeHolder,
            &good,
            &[
                (json!({"contacts": null}), "contacts", "missing"),
                (json!({"contacts": {}}), "contacts", "empty"),
                (json!({"contacts": {"owner": contact(), "admin": contact()}}), "contacts.admin", "there are owner"),
                (json!({"contacts": {"owner": null}}), "contacts.owner", "missing"),
            ],
        );
        let unknown = json!({"contacts": {"holder": contact()}});
        refused(DomainUpdate, &good, &[(unknown, "contacts.holder", "there are owner, admin, billing, tech")]);
    }
}
