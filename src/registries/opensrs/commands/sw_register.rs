//! SW_REGISTER: what a registration and a transfer have in common. Each makes an order; money is held or spent here. It carries
//! the attempt's transaction id as `affiliate_id`, by which the order is known again.

use super::super::check::{self, Contact};
use super::super::codec::tree::Node;
use super::super::params::{Params, missing};
use super::access;
use super::attributes::Attributes;
use crate::model::{Reject, Secret};

/// Attributes that only some top-level domains have, at the top of the command and not in `tld_data`.
const TLD_FIELDS: &[&str] = &[
    // .ca
    "legal_type",
    "lang_pref",
    "isa_trademark",
    "domain_description",
    "ca_link_domain",
    "cwa",
    "rant_agrees",
    "rant_no",
    // .eu, .be, .de
    "owner_confirm_address",
    "lang",
    "country",
    // new top-level domains
    "Intended_use",
    "trademark_smd",
];

/// Longest note.
const LONGEST_NOTE: usize = 256;

/// Whether the order is carried out now or kept for order.process. It is always sent: without it the account's setting
/// would decide.
pub const fn handle(save: bool) -> &'static str {
    if save { "save" } else { "process" }
}

/// An order for a domain.
pub struct Registration {
    /// The domain in ACE form.
    pub name: String,
    /// The name servers; those of the reseller if there are none.
    pub nserver: Vec<String>,
    user: String,
    password: Secret,
    contacts: Vec<Contact>,
    save: bool,
    auto_renew: Option<bool>,
    lock: Option<bool>,
    privacy: Option<bool>,
    parked: Option<bool>,
    reg_domain: Option<String>,
    comments: Option<String>,
    encoding_type: Option<String>,
    dns_template: Option<String>,
    tld_data: Option<Node>,
    tld_fields: Attributes,
}

impl Registration {
    /// Checks what both have: a profile, three contacts or four, and options.
    pub fn read(params: &Params<'_>) -> Result<Self, Reject> {
        let name = access::name(params)?;
        let comments = params.optional("comments")?;
        if let Some(comments) = &comments {
            check::length("comments", comments, 1, LONGEST_NOTE)?;
        }
        let reg_domain = params.optional("reg_domain")?;
        Ok(Self {
            nserver: if params.has("nserver") { check::hosts(params, "nserver", 2)? } else { Vec::new() },
            user: check::user_name(params)?.ok_or_else(|| missing("username"))?,
            password: check::password(params)?,
            contacts: check::contacts(params, &check::ROLES[..3], check::ROLES, &name)?,
            save: params.flag("save")?.unwrap_or(false),
            auto_renew: params.flag("auto_renew")?,
            lock: params.flag("lock")?,
            privacy: params.flag("privacy")?,
            parked: params.flag("parked")?,
            reg_domain: reg_domain.map(|other| check::domain("reg_domain", &other)).transpose()?,
            comments,
            encoding_type: encoding_type(params, &name)?,
            dns_template: params.optional("dns_template")?,
            tld_data: params.map("tld_data")?.map(|map| check::tree("tld_data", &map.clone().into())).transpose()?,
            tld_fields: tld_fields(params)?,
            name,
        })
    }

    /// All of it. `first` and `custom` are what a registration and a transfer have each for themselves: what stands before
    /// the profile, and what says whether the name servers count.
    pub fn attributes(self, transaction: &str, kind: &str, first: Attributes, custom: Attributes) -> Attributes {
        let has_tech = self.contacts.iter().any(|contact| contact.role == "tech");
        let server = |(at, host): (usize, String)| {
            Node::assoc([("name", Node::text(host)), ("sortorder", Node::text((at + 1).to_string()))])
        };
        let has_servers = !self.nserver.is_empty();
        let servers = has_servers.then(|| Node::array(self.nserver.into_iter().enumerate().map(server)));
        Attributes::new()
            .text("domain", self.name)
            .text("reg_type", kind)
            .and(first)
            .text("handle", handle(self.save))
            .text("reg_username", self.user)
            .text("reg_password", self.password.expose())
            .maybe("reg_domain", self.reg_domain)
            .maybe_flag("auto_renew", self.auto_renew)
            .maybe_flag("f_lock_domain", self.lock)
            .maybe_flag("f_whois_privacy", self.privacy)
            .maybe("f_parkp", self.parked.map(|parked| if parked { "Y" } else { "N" }))
            .text("affiliate_id", transaction)
            .maybe("comments", self.comments)
            .maybe("encoding_type", self.encoding_type)
            .flag("custom_tech_contact", has_tech)
            .flag("custom_nameservers", has_servers)
            .and(custom)
            .maybe_put("nameserver_list", servers)
            .maybe("dns_template", self.dns_template)
            .put("contact_set", check::contact_set(self.contacts))
            .maybe_put("tld_data", self.tld_data)
            .and(self.tld_fields)
    }
}

/// The language of a name with other letters than those of ASCII.
fn encoding_type(params: &Params<'_>, name: &str) -> Result<Option<String>, Reject> {
    let Some(tag) = params.optional("encoding_type")? else { return Ok(None) };
    check::language_tag("encoding_type", &tag)?;
    match name.split('.').any(|label| label.starts_with("xn--")) {
        true => Ok(Some(tag)),
        false => Err(Reject::param("encoding_type", format!("{name} has ASCII letters only, and so no language"))),
    }
}

fn tld_fields(params: &Params<'_>) -> Result<Attributes, Reject> {
    let mut fields = Attributes::new();
    // As an object with known names, and then as what it is: its values are the registries' own.
    params.object("tld_fields", TLD_FIELDS)?;
    for name in TLD_FIELDS {
        let value = params.map("tld_fields")?.and_then(|map| map.get(*name)).filter(|value| !value.is_null());
        let value = value.map(|value| check::tree(&format!("tld_fields.{name}"), value)).transpose()?;
        fields = fields.maybe_put(name, value);
    }
    Ok(fields)
}
