//! On whose authority a command works: the reseller's, and then it names the domain; or that of the registrant's profile,
//! and then it carries a cookie in place of the domain (reference 4.3: never both). A job that gives a profile's user name
//! and password is completed with the cookie before its command can be written.

use serde_json::{Map, Value};

use super::super::check;
use super::super::params::Params;
use super::attributes::Attributes;
use super::find;
use crate::model::{ObjectKey, ObjectKind, Operation, Reject};

/// The parameter that a cookie is put into.
pub const COOKIE: &str = "cookie";
/// The parameters that stand for it until then.
pub const CREDENTIALS: &[&str] = &["username", "password"];

/// The domain, or the cookie of the profile that holds it.
pub struct Access {
    /// The domain in ACE form.
    pub domain: String,
    /// The cookie.
    pub cookie: Option<String>,
}

impl Access {
    /// Checks the parameters `domain`, `cookie`, and that no credentials are left.
    pub fn read(params: &Params<'_>) -> Result<Self, Reject> {
        let domain = name(params)?;
        let cookie = params.secret(COOKIE)?.map(|cookie| cookie.expose().trim().to_owned());
        let is_cookie =
            |cookie: &String| (1..=100).contains(&cookie.len()) && cookie.bytes().all(|b| b.is_ascii_graphic());
        if cookie.as_ref().is_some_and(|cookie| !is_cookie(cookie)) {
            return Err(Reject::param(COOKIE, "must be what the registry gave: up to 100 visible ASCII characters"));
        }
        match CREDENTIALS.iter().find(|name| params.has(name)) {
            Some(name) => Err(Reject::param(name, "the registry must be asked for the profile's cookie first")),
            None => Ok(Self { domain, cookie }),
        }
    }

    /// The key of the domain.
    pub fn object(&self) -> ObjectKey {
        domain(&self.domain)
    }

    /// The domain's name, unless a cookie stands for it.
    pub fn attributes(self) -> Attributes {
        Attributes::new().maybe("domain", self.cookie.is_none().then_some(self.domain))
    }
}

/// Whether a job gives a profile's credentials in the place of a cookie, which must then be asked for first. An order for a
/// domain has credentials, too; there they are the order's own, and it has no cookie.
pub fn is_wanted(operation: Operation, params: &Map<String, Value>) -> bool {
    let given = CREDENTIALS.iter().any(|name| params.get(*name).is_some_and(|value| !value.is_null()));
    given && find(operation, params).is_ok_and(|command| command.params.contains(&COOKIE))
}

/// The parameters with a cookie in the place of the credentials.
pub fn with_cookie(params: &Map<String, Value>, cookie: &str) -> Map<String, Value> {
    let mut whole = params.clone();
    whole.retain(|name, _| !CREDENTIALS.contains(&name.as_str()));
    whole.insert(COOKIE.to_owned(), cookie.into());
    whole
}

/// The key of a domain: its ACE form.
pub fn domain(name: &str) -> ObjectKey {
    ObjectKey::new(ObjectKind::Domain, name)
}

/// The parameter `domain`.
pub fn name(params: &Params<'_>) -> Result<String, Reject> {
    check::domain("domain", &params.required("domain")?)
}
