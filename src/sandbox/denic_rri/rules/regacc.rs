//! The profile of an account, as its member would have edited it.

use super::super::objects::DENIC;
use super::super::state::State;

/// What everybody may know of an account.
#[derive(Clone, Debug)]
pub(in super::super) struct Profile {
    pub(in super::super) id: String,
    pub(in super::super) name: String,
    pub(in super::super) address: [&'static str; 2],
    pub(in super::super) postal_code: &'static str,
    pub(in super::super) city: &'static str,
    pub(in super::super) country: &'static str,
    /// In the form of E.123, unlike those of contacts.
    pub(in super::super) phone: &'static str,
    pub(in super::super) fax: &'static str,
    pub(in super::super) email: &'static str,
    pub(in super::super) url: &'static str,
    pub(in super::super) changed: &'static str,
    /// URI templates of the general request and the abuse contact.
    pub(in super::super) templates: [&'static str; 2],
}

/// The profile of an account, or of the registry itself.
pub(in super::super) fn profile(state: &State, id: &str) -> Option<Profile> {
    let id = id.to_ascii_uppercase();
    let name = match state.accounts.get(&id) {
        Some(account) => account.name.clone(),
        None if id == DENIC => "Example Registry".to_owned(),
        None => return None,
    };
    Some(Profile {
        id,
        name,
        address: ["Example Registrar", "Beispielweg 1"],
        postal_code: "60596",
        city: "Frankfurt am Main",
        country: "DE",
        phone: "+49 69 000000",
        fax: "+49 69 000001",
        email: "registrar@example.net",
        url: "https://registrar.example.net",
        changed: "2026-01-01T00:00:00+01:00",
        templates: [
            "mailto:general@example.net?subject=domain:{Ulabel}",
            "mailto:abuse@example.net?subject=domain:{Ulabel}",
        ],
    })
}
