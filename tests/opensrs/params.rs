//! Parameters of orders, as a billing system would write them.

use serde_json::{Value, json};

/// A contact, complete.
pub fn contact(first_name: &str) -> Value {
    json!({
        "first_name": first_name, "last_name": "Owner", "org_name": "Example Org", "address1": "32 Oak St", "city": "Toronto",
        "state": "ON", "country": "CA", "postal_code": "M6K 3M1", "phone": "+1.4165550123x19", "email": "owner@example.org"
    })
}

/// What a registration and a transfer have in common.
fn order(domain: &str) -> Value {
    json!({
        "domain": domain, "username": "example01", "password": "s3cretpw9",
        "contacts": { "owner": contact("Owen"), "admin": contact("Ada"), "billing": contact("Bill") }
    })
}

/// Parameters with some more.
pub fn with(mut params: Value, more: Value) -> Value {
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    params
}

/// A registration for a year.
pub fn registration(domain: &str) -> Value {
    with(order(domain), json!({ "years": 1, "nserver": ["ns1.example.net", "ns2.example.net"] }))
}

/// A transfer.
pub fn transfer(domain: &str) -> Value {
    with(order(domain), json!({ "auth_info": "Ab1!code" }))
}

/// An XCP command as text, for `raw`.
pub fn command(action: &str, object: &str, attributes: &[(&str, &str)]) -> String {
    let items: String = attributes.iter().map(|(key, text)| format!("<item key='{key}'>{text}</item>")).collect();
    format!(
        "<OPS_envelope><header><version>0.9</version></header><body><data_block><dt_assoc>\
         <item key='protocol'>XCP</item><item key='action'>{action}</item><item key='object'>{object}</item>\
         <item key='attributes'><dt_assoc>{items}</dt_assoc></item></dt_assoc></data_block></body></OPS_envelope>"
    )
}
