//! Domain CHECK: the status of a name, whoever has it.

use super::super::codes;
use super::super::rules::names::{self, Name};
use super::super::shapes::check::DomainCheck;
use super::super::shapes::domain::status_word;
use super::{Answer, Command, Context, DOMAIN_ACE, DOMAIN_HANDLE, Object, Refusal, XmlForm};

pub(super) const COMMAND: Command = Command {
    name: "domain.check",
    action: "CHECK",
    object: Object::Domain,
    writes: false,
    is_free: false,
    xml: XmlForm { namespace: "domain", element: "check", attributes: &[], children: &[DOMAIN_HANDLE, DOMAIN_ACE] },
    run,
};

fn run(context: &mut Context<'_>) -> Result<Answer, Refusal> {
    let fields = &context.request.fields;
    match names::of_request(fields) {
        Ok(name) => {
            let domain = context.state.domains.get(&name.ace);
            let status = domain.map_or("free", |domain| status_word(domain.status, context.request.version));
            Ok(Answer::data(DomainCheck { name, status }))
        }
        // A name that can never be registered is a status, not a mistake.
        Err(mistake) if mistake.code == codes::DOMAIN_VALUE.number => {
            let text = fields.first("domain").or(fields.first("domain-ace")).unwrap_or_default();
            let name = Name { ace: text.to_owned(), unicode: text.to_owned() };
            Ok(Answer::data(DomainCheck { name, status: "invalid" }))
        }
        Err(mistake) => Err(mistake.into()),
    }
}
