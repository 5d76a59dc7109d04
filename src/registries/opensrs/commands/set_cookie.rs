//! SET COOKIE: opens the profile that holds a domain. No job asks for it; the commands of one that gives a profile's user name
//! and password carry the cookie instead.

use serde_json::{Map, Value};

use super::super::check;
use super::super::params::{EVERYWHERE, Params, missing};
use super::access::{self, CREDENTIALS};
use super::attributes::Attributes;
use super::{Order, Request, Rules, made};
use crate::model::{ObjectKey, Reject, Secret};

/// Asks for a cookie.
struct SetCookie {
    name: String,
    user: String,
    password: Secret,
}

impl Request for SetCookie {
    const ACTION: &'static str = "SET";
    const OBJECT: &'static str = "COOKIE";
    const PARAMS: &'static [&'static str] = &["domain", CREDENTIALS[0], CREDENTIALS[1]];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        let user = check::user_name(params)?.ok_or_else(|| missing("username"))?;
        Ok(Self { name: access::name(params)?, user, password: check::password(params)? })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        access::domain(&self.name)
    }

    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        let attributes = Attributes::new().text("domain", self.name).text("reg_username", self.user);
        attributes.text("reg_password", self.password.expose())
    }
}

/// The command, from the parameters of a job that gives credentials.
///
/// # Errors
/// They break a rule.
pub fn order(params: &Map<String, Value>, rules: &Rules) -> Result<Order, Reject> {
    let its = |(name, _): &(&String, &Value)| SetCookie::PARAMS.contains(&name.as_str()) || *name == EVERYWHERE;
    let params: Map<_, _> = params.iter().filter(its).map(|(name, value)| (name.clone(), value.clone())).collect();
    made::<SetCookie>(&params, "", rules).map(|(_, order)| order)
}
