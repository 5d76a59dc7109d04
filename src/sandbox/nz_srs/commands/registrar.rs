//! RegistrarDetailsQry and RegistrarUpdate: the account itself.

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

use super::super::names;
use super::super::objects::Registrar;
use super::super::reply::{Answer, Outcome, refuse};
use super::super::wire::tree::Element;
use super::filters::Range;
use super::{Context, contacts};

/// What only the registry changes.
const OF_THE_REGISTRY: &[&str] = &["Name", "AccRef", "EncryptKeys", "Allowed2LDs", "Roles"];
/// Fewest characters of a password.
const SHORTEST: usize = 6;

pub(super) fn query(context: &mut Context<'_>) -> Outcome {
    let action = context.action;
    if action.attribute("NameFilter").is_some() {
        return refuse("NOT_PERMITTED_TO_FILTER_REGISTRAR_BY_NAME", &[]);
    }
    if action.attribute("RegistrarId").is_some_and(|id| id != context.registrar) {
        return refuse("INVALID_EXPLICIT_REGISTRAR_ID", &[action.value("RegistrarId")]);
    }
    let range = Range::read(action, "ResultDateRange", context.now)?;
    let found = context.state.registrars.get(context.registrar);
    let mut rows: Vec<Element> = found.map(element).into_iter().collect();
    if range.is_some() {
        // With a range of dates these two are left out (reference, 5.9).
        let is_shown = |child: &Element| !["Allowed2LDs", "Roles"].contains(&child.name.as_str());
        rows.iter_mut().for_each(|row| row.children.retain(is_shown));
    }
    Ok(Answer::rows(rows))
}

pub(super) fn update(context: &mut Context<'_>) -> Outcome {
    let action = context.action;
    let is_asked = |name: &&&str| action.attribute(name).is_some() || action.find(name).is_some();
    if OF_THE_REGISTRY.iter().any(|name| is_asked(&name)) {
        return refuse("PERMISSION_DENIED", &["Registry"]);
    }
    let Some(mut registrar) = context.state.registrars.get(context.registrar).cloned() else {
        return refuse("UNKNOWN_REGISTRAR", &[context.registrar]);
    };
    let people = [
        ("RegistrarPublicContact", &mut registrar.public),
        ("RegistrarSRSContact", &mut registrar.srs),
        ("DefaultTechnicalContact", &mut registrar.technical),
    ];
    for (name, contact) in people {
        if let Some(element) = action.find(name) {
            *contact = contacts::merged(element, contact)?;
        }
    }
    if let Some(url) = action.attribute("URL") {
        registrar.url = Some(url.to_owned()).filter(|url| !url.is_empty());
    }
    if let Some(auth) = action.find("EPPAuth") {
        let password = auth.value("Password");
        if password.chars().count() < SHORTEST {
            return refuse("INVALID_PASSWORD", &["EPPAuth"]);
        }
        registrar.password = Some(hashed(password));
    }
    registrar.audit = context.audit();
    let row = element(&registrar);
    context.effect(&registrar.id);
    context.state.registrars.insert(registrar.id.clone(), registrar);
    Ok(Answer::rows(vec![row]))
}

/// A password as queries show it. Not crypt's own hash, of which nobody here knows the inner rounds; only its look.
fn hashed(password: &str) -> String {
    if password.starts_with("$5$") && password.matches('$').count() == 3 {
        return password.to_owned();
    }
    format!("$5$sandbox${}", BASE64URL_NOPAD.encode(&Sha256::digest(password)))
}

/// As results have it.
fn element(registrar: &Registrar) -> Element {
    let keys = registrar.keys.iter().map(|key| Element::text("EncryptKey", key.trim()));
    let levels = registrar.second_levels.iter().filter(|name| names::OPEN.contains(&name.as_str()));
    let levels = levels.map(|name| Element::new("SecondLD").with("DomainName", name));
    let roles = registrar.roles.iter().map(|role| Element::new("Role").with("RoleName", role));
    let password = registrar.password.as_ref().map(|hash| Element::new("EPPAuth").with("Password", hash));
    Element::new("Registrar")
        .with("RegistrarId", &registrar.id)
        .with("Name", &registrar.name)
        .with("AccRef", &registrar.reference)
        .with_some("URL", registrar.url.as_ref())
        .child(registrar.public.onto(Element::new("RegistrarPublicContact")))
        .child(registrar.srs.onto(Element::new("RegistrarSRSContact")))
        .child(registrar.technical.onto(Element::new("DefaultTechnicalContact")))
        .child(Element::new("EncryptKeys").all(keys))
        .all(password)
        .child(Element::new("Allowed2LDs").all(levels))
        .child(Element::new("Roles").all(roles))
        .child(registrar.audit.element())
}
