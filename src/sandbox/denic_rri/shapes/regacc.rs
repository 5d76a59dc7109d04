//! Answer to a RegAcc INFO.

use super::super::rules::regacc::Profile;
use super::super::wire::node::Node;
use super::super::wire::{KvBody, Shape, Version};

/// The profile of an account.
pub(in super::super) struct RegAccInfo(pub(in super::super) Profile);

/// The contacts of a profile: section and role, in the order of its templates.
const CONTACTS: [(&str, &str); 2] = [("General Request", "generalrequest"), ("Abuse Contact", "abusecontact")];

impl Shape for RegAccInfo {
    fn kv(&self, body: &mut KvBody, _: Version) {
        let profile = &self.0;
        body.line("RegAccId", &profile.id);
        body.line("Name", &profile.name);
        profile.address.iter().for_each(|line| body.line("Address", line));
        for (keyword, value) in [
            ("PostalCode", profile.postal_code),
            ("City", profile.city),
            ("CountryCode", profile.country),
            ("Phone", profile.phone),
            ("Fax", profile.fax),
            ("Email", profile.email),
            ("Url", profile.url),
            ("MemberAccId", &profile.id),
            ("Changed", profile.changed),
        ] {
            body.line(keyword, value);
        }
        for ((section, _), template) in CONTACTS.iter().zip(profile.templates) {
            body.section(section);
            body.line("Type", "REQUEST");
            body.line("URI-Template", template);
            body.line("Changed", profile.changed);
        }
    }

    fn xml(&self, version: Version) -> Option<Node> {
        let profile = &self.0;
        let leaf = |name: &str, text: &str| Node::leaf(&format!("regacc:{name}"), text);
        let postal = Node::new("regacc:postal")
            .children(profile.address.iter().map(|line| leaf("address", line)))
            .child(leaf("postalCode", profile.postal_code))
            .child(leaf("city", profile.city))
            .child(leaf("countryCode", profile.country));
        let contact = |((_, role), template): (&(&str, &str), &str)| {
            Node::new("regacc:contact")
                .attribute("role", role)
                .child(Node::leaf("contact:type", "REQUEST"))
                .child(Node::leaf("contact:uri-template", template))
                .child(Node::leaf("contact:changed", profile.changed))
        };
        let node = Node::new("regacc:infoData")
            .attribute("xmlns:regacc", &version.namespace("regacc"))
            .attribute("xmlns:contact", &version.namespace("contact"))
            .child(leaf("handle", &profile.id))
            .child(leaf("name", &profile.name))
            .child(postal)
            .child(leaf("phone", profile.phone))
            .child(leaf("fax", profile.fax))
            .child(leaf("email", profile.email))
            .child(leaf("url", profile.url))
            .child(leaf("memberacc", &profile.id))
            .children(CONTACTS.iter().zip(profile.templates).map(contact))
            .child(leaf("changed", profile.changed));
        Some(node)
    }
}
