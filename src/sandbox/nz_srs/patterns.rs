//! What a name asks for. The first label of a domain, or a handle, says by its words which error the registry shall answer;
//! docs/testing.md has the table.

use super::codes::{self, HINTS};
use super::reply::Refusal;

/// What is done with an action.
#[derive(Clone, Debug)]
pub(super) struct Treatment {
    pub(super) refusal: Refusal,
    /// Whether it is carried out before it is answered so.
    pub(super) is_done: bool,
    /// Whether it is so the first time only.
    pub(super) is_once: bool,
}

/// An action as far as patterns go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    /// Its name in the ledger.
    pub(super) name: &'a str,
    pub(super) is_write: bool,
}

/// How an action about an object is treated; none if like any other.
pub(super) fn treatment(object: &str, asked: Asked<'_>) -> Option<Treatment> {
    let label = object.split('.').next()?;
    let (word, rest) = label.split_once('-')?;
    let applies = match word {
        "code" | "once" | "done" | "hint" => asked.is_write,
        "read" => !asked.is_write,
        "renew" => asked.name == "domain.renew",
        "update" => asked.is_write && !["domain.renew", "domain.create"].contains(&asked.name),
        _ => return None,
    };
    let refusal = match word {
        "hint" => with_hint(rest, object)?,
        _ => Refusal::usual(codes::in_label(rest)?.id, object),
    };
    let is_done = word == "done";
    applies.then_some(Treatment { refusal, is_done, is_once: is_done || word == "once" })
}

/// Whether a domain is past its first days from the beginning, so that it can be transferred, and brought back when it was
/// cancelled.
pub(super) fn is_settled(name: &str) -> bool {
    name.starts_with("settled-")
}

/// An error nobody has heard of, with a hint: `hint-temporary-server-error`.
fn with_hint(rest: &str, object: &str) -> Option<Refusal> {
    let rest = rest.to_ascii_uppercase().replace('-', "_");
    let hint = HINTS.iter().find(|hint| rest.starts_with(**hint))?;
    let mut refusal = Refusal::usual("UNHEARD_OF", object);
    refusal.hint = hint;
    Some(refusal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(object: &str, name: &str, is_write: bool) -> Option<String> {
        treatment(object, Asked { name, is_write }).map(|treatment| treatment.refusal.id)
    }

    #[test]
    fn every_error_can_be_asked_for() {
        let mut count = 0;
        for code in codes::all() {
            let label = code.id.replace('_', "-").to_lowercase();
            for name in [format!("code-{label}.co.nz"), format!("code-{label}-7.co.nz"), format!("once-{label}-x.nz")] {
                assert_eq!(id(&name, "domain.update", true).as_deref(), Some(code.id), "{name}");
            }
            assert_eq!(id(&format!("read-{label}.co.nz"), "domain.info", false).as_deref(), Some(code.id));
            count += 1;
        }
        assert!(count >= 95, "{count}");
        for hint in HINTS {
            let name = format!("hint-{}-1.co.nz", hint.replace('_', "-").to_lowercase());
            let treatment = treatment(&name, Asked { name: "domain.update", is_write: true }).unwrap();
            assert_eq!((treatment.refusal.id.as_str(), treatment.refusal.hint), ("UNHEARD_OF", *hint));
        }
    }

    #[test]
    fn a_pattern_applies_where_it_says() {
        let name = |word: &str| format!("{word}-lock-error-1.co.nz");
        assert_eq!(id(&name("code"), "domain.info", false), None);
        assert_eq!(id(&name("renew"), "domain.create", true), None);
        assert_eq!(id(&name("renew"), "domain.renew", true).as_deref(), Some("LOCK_ERROR"));
        assert_eq!(id(&name("update"), "domain.renew", true), None);
        assert_eq!(id("code-nothing-known.co.nz", "domain.update", true), None);
        assert_eq!(id("code-idn-invalid-unicode.nz", "domain.update", true).as_deref(), Some("IDN_INVALID_UNICODE"));
        let done = treatment(&name("done"), Asked { name: "domain.update", is_write: true }).unwrap();
        assert!(done.is_done && done.is_once);
        assert_eq!(done.refusal.details, [name("done")]);
    }
}
