//! What the values of attributes have to look like.

use super::super::reply::{Reply, refuse_as};
use super::super::wire::tree::Node;

/// Refusals are answers.
type Checked<T> = Result<T, Box<Reply>>;

/// What a contact has to have.
const CONTACT: &[&str] =
    &["first_name", "last_name", "org_name", "address1", "city", "country", "postal_code", "phone", "email"];

/// Whether a name could be a domain's.
pub(super) fn is_domain(name: &str) -> bool {
    name.contains('.') && is_host(name)
}

/// Whether a name could be a host's.
pub(super) fn is_host(name: &str) -> bool {
    let is_label = |label: &str| {
        let may_stand = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(may_stand)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(is_label) && name.rsplit('.').next().is_some_and(|tld| tld.len() > 1)
}

/// Years from 1 to 10.
pub(super) fn years(text: &str) -> Checked<u8> {
    match text.parse() {
        Ok(years) if (1..=10).contains(&years) => Ok(years),
        _ => refuse_as(465, "Registration Failed: Invalid data, error=Invalid period"),
    }
}

/// A contact with all it has to have.
pub(super) fn contact(kind: &str, contact: &Node) -> Checked<()> {
    if let Some(missing) = CONTACT.iter().find(|key| contact.text(key).is_none()) {
        return refuse_as(465, format!("Invalid data, error=missing {kind} contact field: {missing}"));
    }
    let text = |key: &str| contact.text(key).unwrap_or_default();
    if !is_phone(text("phone")) || contact.text("fax").is_some_and(|fax| !is_phone(fax)) {
        return refuse_as(465, format!("Invalid data, error={kind} phone: invalid telephone number format"));
    }
    if text("country").len() != 2 || !text("country").bytes().all(|byte| byte.is_ascii_uppercase()) {
        return refuse_as(465, format!("Invalid data, error={kind} country"));
    }
    if ["CA", "US"].contains(&text("country")) && contact.text("state").is_none() {
        return refuse_as(465, format!("Invalid data, error=missing {kind} contact field: state"));
    }
    if !text("email").split_once('@').is_some_and(|(left, right)| !left.is_empty() && right.contains('.')) {
        return refuse_as(465, format!("Invalid data, error={kind} email"));
    }
    Ok(())
}

/// `+1.4165550123x19`.
fn is_phone(text: &str) -> bool {
    let digits = |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let Some((country, rest)) = text.strip_prefix('+').and_then(|text| text.split_once('.')) else { return false };
    let (number, extension) =
        rest.split_once('x').map_or((rest, None), |(number, extension)| (number, Some(extension)));
    digits(country, 3) && digits(number, 12) && extension.is_none_or(|extension| digits(extension, 4))
}

/// A user name or password of a profile.
pub(super) fn credential(key: &str, text: Option<&str>) -> Checked<String> {
    let Some(text) = text else { return refuse_as(460, format!("Required field '{key}' not provided")) };
    if (3..=20).contains(&text.chars().count()) {
        return Ok(text.to_owned());
    }
    refuse_as(465, format!("Invalid data, error={key} has to have 3 to 20 characters"))
}

/// The names in a `nameserver_list`, by their sort order.
pub(super) fn nameservers(list: &[Node]) -> Checked<Vec<String>> {
    let mut entries: Vec<(u32, String)> = Vec::new();
    for (at, entry) in (1..).zip(list) {
        let host = super::name(entry.text("name").or(entry.as_text()).unwrap_or_default());
        let order = entry.text("sortorder").map_or(Some(at), |text| text.parse().ok());
        let Some(order) = order.filter(|_| is_host(&host)) else {
            return refuse_as(465, "Invalid data, error=nameserver syntax");
        };
        if entries.iter().any(|(known, name)| *known == order || *name == host) {
            return refuse_as(465, "Invalid data, error=duplicate nameserver or sortorder");
        }
        entries.push((order, host));
    }
    entries.sort();
    Ok(entries.into_iter().map(|(_, host)| host).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_and_names() {
        assert!(is_phone("+1.4165550123x19") && is_phone("+49.30") && !is_phone("+49 30") && !is_phone("+1.2x"));
        assert!(is_domain("a-b.com") && !is_domain("com") && !is_domain("a..com") && !is_domain("-a.com"));
        let entry = |name: &str, order: &str| Node::none().with("name", name).with("sortorder", order);
        assert_eq!(
            nameservers(&[entry("NS2.a.com", "2"), entry("ns1.a.com", "1")]).unwrap(),
            ["ns1.a.com", "ns2.a.com"]
        );
        assert!(nameservers(&[entry("ns1.a.com", "1"), entry("ns1.a.com", "2")]).is_err());
    }
}
