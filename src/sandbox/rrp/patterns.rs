//! What a name asks for. A label of a domain's or a host's name says by its words how the registry shall treat it;
//! docs/testing.md has the table.

use super::super::rrp::wire::request::{Request, Verb};

/// What is done with a request about a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Treatment {
    /// It has no effect and is answered so.
    Refuse(u16),
    /// The same, the first time only.
    Once(u16),
    /// It is carried out and answered so, the first time only.
    Done(u16),
    /// It is carried out and answered as any other; then the connection ends with this code, or without any.
    Then(Option<u16>),
}

/// How a request is treated; none if like any other.
pub(super) fn treatment(request: &Request) -> Option<Treatment> {
    request.name.split('.').find_map(|label| of_label(label, request))
}

fn of_label(label: &str, request: &Request) -> Option<Treatment> {
    let mut words = label.split('-');
    let (when, code) = (words.next()?, words.next()?);
    let is_write = request.is_write();
    if (when, code) == ("then", "none") {
        return Some(Treatment::Then(None));
    }
    let code = code.parse().ok().filter(|_| code.len() == 3)?;
    match when {
        "code" if is_write => Some(Treatment::Refuse(code)),
        "read" if !is_write => Some(Treatment::Refuse(code)),
        "renew" if request.verb == Verb::Renew => Some(Treatment::Refuse(code)),
        "update" if is_write && !matches!(request.verb, Verb::Renew | Verb::Add) => Some(Treatment::Refuse(code)),
        "once" if is_write => Some(Treatment::Once(code)),
        "done" if is_write => Some(Treatment::Done(code)),
        "then" => Some(Treatment::Then(Some(code))),
        _ => None,
    }
}

/// Whether the registry decides about a transfer of a domain at once: a label of its name has the word `decided`.
pub(super) fn is_decided(domain: &str) -> bool {
    domain.split('.').any(|label| label.split('-').any(|word| word == "decided"))
}

/// Whether a host serves a top-level domain, and so nobody may touch it (RFC 3632, 557): its name has the label `root`.
pub(super) fn serves_tld(host: &str) -> bool {
    host.split('.').any(|label| label == "root")
}
