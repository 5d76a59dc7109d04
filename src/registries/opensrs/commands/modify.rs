//! MODIFY: one thing about a domain. Always of this domain alone; what a profile has more is left alone.

use super::super::params::{Params, missing};
use super::access::Access;
use super::attributes::Attributes;
use super::{Request, Rules};
use crate::model::{ObjectKey, Reject, Secret};

/// The attributes all of them begin with.
fn of(access: Access, data: &str) -> Attributes {
    access.attributes().text("data", data).flag("affect_domains", false)
}

macro_rules! modify {
    ($(#[$doc:meta])* $name:ident($value:ty) $params:expr, $read:expr, $attributes:expr) => {
        $(#[$doc])*
        pub struct $name {
            access: Access,
            value: $value,
        }

        impl Request for $name {
            const ACTION: &'static str = "MODIFY";
            const PARAMS: &'static [&'static str] = $params;

            fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
                let value: fn(&Params<'_>) -> Result<$value, Reject> = $read;
                Ok(Self { access: Access::read(params)?, value: value(params)? })
            }

            fn object(&self, _: &Rules) -> ObjectKey {
                self.access.object()
            }

            fn cookie(&self) -> Option<String> {
                self.access.cookie.clone()
            }

            fn attributes(self, _: &str, _: &Rules) -> Attributes {
                let attributes: fn(Access, $value) -> Attributes = $attributes;
                attributes(self.access, self.value)
            }
        }
    };
}

modify! {
    /// What becomes of a domain when it expires: renewed, given up, or neither, and then its owner is reminded.
    ExpireAction((bool, bool))
    &["domain", "username", "password", "cookie", "auto_renew", "let_expire"],
    |params| {
        let (renew, expire) = (params.flag("auto_renew")?, params.flag("let_expire")?);
        match (renew.unwrap_or(false), expire.unwrap_or(false)) {
            (true, true) => Err(Reject::param("let_expire", "a domain is either renewed or given up")),
            both => Ok(both),
        }
    },
    |access, (renew, expire)| of(access, "expire_action").flag("auto_renew", renew).flag("let_expire", expire)
}

modify! {
    /// Whether a domain can be transferred away.
    Lock(bool)
    &["domain", "username", "password", "cookie", "lock"],
    |params| params.required_flag("lock"),
    |access, locked| of(access, "status").flag("lock_state", locked)
}

modify! {
    /// Whether others are shown in place of a domain's contacts.
    Privacy(bool)
    &["domain", "username", "password", "cookie", "privacy"],
    |params| params.required_flag("privacy"),
    |access, on| of(access, "whois_privacy_state").text("state", if on { "enable" } else { "disable" })
}

modify! {
    /// Whether a domain shows the page of a parked one. Switching it on changes the name servers.
    Parked(bool)
    &["domain", "username", "password", "cookie", "parked"],
    |params| params.required_flag("parked"),
    |access, on| of(access, "parkpage_state").text("state", if on { "on" } else { "off" })
}

modify! {
    /// The code that a transfer away needs.
    AuthCode(Secret)
    &["domain", "username", "password", "cookie", "auth_info"],
    |params| params.secret("auth_info")?.ok_or_else(|| missing("auth_info")),
    |access, code| of(access, "domain_auth_info").text("domain_auth_info", code.expose())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{made, refused};
    use crate::model::Operation::{DomainAuthcodeCreate, DomainUpdate};

    #[test]
    fn each_says_what_it_changes() {
        for (change, expected) in [
            (json!({"auto_renew": true}), json!({"data": "expire_action", "auto_renew": "1", "let_expire": "0"})),
            (json!({"auto_renew": false}), json!({"data": "expire_action", "auto_renew": "0", "let_expire": "0"})),
            (json!({"let_expire": true}), json!({"data": "expire_action", "auto_renew": "0", "let_expire": "1"})),
            (json!({"lock": false}), json!({"data": "status", "lock_state": "0"})),
            (json!({"privacy": true}), json!({"data": "whois_privacy_state", "state": "enable"})),
            (json!({"privacy": false}), json!({"data": "whois_privacy_state", "state": "disable"})),
            (json!({"parked": true}), json!({"data": "parkpage_state", "state": "on"})),
            (json!({"parked": false}), json!({"data": "parkpage_state", "state": "off"})),
        ] {
            let (mut params, mut expected) = (change, expected);
            params["domain"] = json!("EXAMPLE.com");
            expected["domain"] = json!("example.com");
            expected["affect_domains"] = json!("0");
            let made = made(DomainUpdate, params.clone());
            assert_eq!((&made["action"], &made["attributes"]), (&json!("MODIFY"), &expected), "{params}");
        }
        let code = made(DomainAuthcodeCreate, json!({"domain": "example.com", "auth_info": "Ab1!code"}));
        assert_eq!(code["attributes"]["domain_auth_info"], "Ab1!code");
    }

    #[test]
    fn a_cookie_stands_for_the_domain() {
        let made = made(DomainUpdate, json!({"domain": "example.com", "cookie": "24128866:3210384", "lock": true}));
        assert_eq!((&made["cookie"], &made["attributes"]["domain"]), (&json!("24128866:3210384"), &Value::Null));
    }

    #[test]
    fn rules_name_the_field() {
        refused(
            DomainUpdate,
            &json!({"domain": "example.com", "lock": true}),
            &[
                (json!({"lock": "yes"}), "lock", "true or false"),
                (json!({"username": "example01", "password": "s3cretpw9"}), "username", "cookie first"),
                (json!({"cookie": "1 2"}), "cookie", "visible ASCII"),
                (json!({"lock": null, "auto_renew": true, "let_expire": true}), "let_expire", "either"),
                (json!({"affect_domains": true}), "affect_domains", "unknown"),
            ],
        );
        let good = json!({"domain": "example.com", "auth_info": "Ab1!code"});
        refused(DomainAuthcodeCreate, &good, &[(json!({"auth_info": null}), "auth_info", "missing")]);
    }
}
