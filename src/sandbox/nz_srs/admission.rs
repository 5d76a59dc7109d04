//! What a request has to pass before any of its actions is looked at: the form, the registrar, the signature, the DTD, the
//! version. Whatever is wrong here is one error for the whole document.

use super::super::faults::FaultKind;
use super::dtd;
use super::keys;
use super::reply::{Refusal, refuse};
use super::server::{Request, Server, lie};
use super::wire::form;
use super::wire::read;
use super::wire::tree::Element;

/// The version that is spoken.
const MAJOR: u32 = 8;
/// The fields of a form.
const FIELDS: [&str; 3] = ["n", "r", "s"];

/// A form, as far as it could be read.
#[derive(Clone, Debug, Default)]
pub(super) struct Form {
    pub(super) registrar: String,
    pub(super) document: Vec<u8>,
    pub(super) signature: Vec<u8>,
    /// What is wrong with it.
    pub(super) refused: Option<Box<Refusal>>,
}

impl Form {
    /// Reads a body of that type.
    pub(super) fn read(mime: &str, body: &[u8], longest: usize) -> Self {
        let fields = form::fields(body);
        let value = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let mut form = Self {
            registrar: value("n").map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default(),
            document: value("r").unwrap_or_default(),
            signature: value("s").unwrap_or_default(),
            refused: None,
        };
        form.refused = form.check(mime, &fields, longest).err();
        form
    }

    fn check(&self, mime: &str, fields: &[(String, Vec<u8>)], longest: usize) -> Result<(), Box<Refusal>> {
        let kind = mime.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case(form::MIME) {
            return refuse("WRONG_MIME_TYPE", &[form::MIME, kind]);
        }
        let missing = FIELDS.into_iter().filter(|name| !fields.iter().any(|(known, _)| known == name));
        let missing: Vec<&str> = missing.collect();
        if !missing.is_empty() {
            return refuse("MISSING_POST_PARAMETERS", &missing);
        }
        // What is there twice is once too often.
        let is_first = |at: usize, name: &str| fields.iter().position(|(known, _)| known == name) == Some(at);
        let extra = fields.iter().enumerate();
        let extra = extra.filter(|(at, (name, _))| !FIELDS.contains(&name.as_str()) || !is_first(*at, name));
        let extra: Vec<&str> = extra.map(|(_, (name, _))| name.as_str()).take(10).collect();
        if !extra.is_empty() {
            return refuse("EXTRA_POST_PARAMETERS", &extra);
        }
        let size = self.document.len();
        if size > longest {
            return refuse("REQUEST_TOO_LONG", &[&size.to_string(), &longest.to_string()]);
        }
        Ok(())
    }
}

/// Reads a document and holds it against the DTD.
///
/// # Errors
/// What a parser or a validator would say.
pub(super) fn parse(document: &[u8]) -> Result<Element, String> {
    let text =
        std::str::from_utf8(document).map_err(|_| "Input is not proper UTF-8, indicate encoding !".to_owned())?;
    let mut root = read::document(text)?;
    if !["NZSRSRequest", "SRSRequest"].contains(&root.name.as_str()) {
        return Err(format!("Root element is {}, not NZSRSRequest", root.name.escape_default()));
    }
    dtd::check(&mut root)?;
    Ok(root)
}

impl Server {
    /// Whether somebody known signed this, and who.
    pub(super) fn is_authentic(&self, form: &Form) -> Result<(), Box<Refusal>> {
        if let Some(refused) = &form.refused {
            return Err(refused.clone());
        }
        let (keys, is_good) = {
            let state = super::super::lock(&self.state);
            let Some(registrar) = state.registrars.get(&form.registrar) else {
                return refuse("UNKNOWN_REGISTRAR", &[&form.registrar]);
            };
            (registrar.keys.clone(), registrar.has_good_keys)
        };
        if !is_good {
            return refuse("PUBLIC_KEY_INVALID", &[]);
        }
        if keys::is_signed(&form.document, &form.signature, &keys, self.shared.clock.unmoved()) {
            Ok(())
        } else {
            refuse("SIG_INVALID", &[])
        }
    }

    /// Admits a request whose signature was looked at, or refuses it.
    pub(super) fn admit(&self, request: &Request, authentic: Result<(), Box<Refusal>>) -> Result<(), Box<Refusal>> {
        let fault = request.fate.fault.as_ref();
        if fault == Some(&FaultKind::RefuseLogin) {
            // Not the client's fault, so it breaks no rule.
            return refuse("SIG_INVALID", &[]);
        }
        let account = request.account.as_deref();
        let violates = |refused: Box<Refusal>, rule: &str| {
            super::super::lock(&self.shared.ledger).violation(account, rule);
            refused
        };
        authentic.map_err(|refused| violates(refused, "not_admitted"))?;
        match fault {
            Some(FaultKind::DropSession { .. }) => return refuse("SIG_VERIFY_FAILED", &[]),
            Some(FaultKind::Unavailable) => return refuse("SYSTEM_OFFLINE", &[]),
            Some(FaultKind::Lie { code, effect: false, exception }) => {
                let refused = lie(code, &request.object);
                if *exception || refused.is_top() {
                    return Err(Box::new(refused));
                }
            }
            _ => {}
        }
        let root = request.root.as_ref().map_err(|error| Refusal::new("XML_PARSE_ERROR", &[error]));
        let root = root.map_err(|refused| violates(Box::new(refused), "unreadable"))?;
        self.check_root(root, account.unwrap_or_default()).map_err(|refused| violates(refused, "unreadable"))
    }

    /// Version, effective registrar, and what has to be alone.
    fn check_root(&self, root: &Element, registrar: &str) -> Result<(), Box<Refusal>> {
        let major = root.value("VerMajor");
        match major.parse::<u32>() {
            Ok(number) if number <= MAJOR => {}
            Ok(_) => return refuse("VERMAJOR_TOO_HIGH", &[major]),
            Err(_) => return refuse("INVALID_FIELD", &[major, "VerMajor"]),
        }
        if let Some(id) = root.attribute("RegistrarId").filter(|id| *id != registrar) {
            let is_known = super::super::lock(&self.state).registrars.contains_key(id);
            let id = if is_known { "INCORRECT_EFFECTIVE_REGISTRAR" } else { "EFFECTIVE_REGISTRAR_DOES_NOT_EXIST" };
            return Err(Box::new(Refusal::usual(id, registrar)));
        }
        if root.children.len() > 1 && root.find("GetMessages").is_some() {
            return refuse("UNEXPECTED_FIELD", &["GetMessages"]);
        }
        Ok(())
    }
}
