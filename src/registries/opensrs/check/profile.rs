//! A registrant's profile: user name and password, 3 to 20 characters each (OpenSRS guide, the texts of its code for
//! invalid data).

use super::super::params::{Params, missing, refuse};
use super::length;
use crate::model::{Reject, Secret};

const LEAST: usize = 3;
const MOST: usize = 20;

/// The user name in the parameter `username`; may be missing.
///
/// # Errors
/// It is too short or too long, or holds something else than visible ASCII.
pub fn user_name(params: &Params<'_>) -> Result<Option<String>, Reject> {
    let Some(name) = params.optional("username")? else { return Ok(None) };
    length("username", &name, LEAST, MOST)?;
    match name.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(Some(name)),
        false => Err(refuse("username", "must consist of visible ASCII characters", &name)),
    }
}

/// The password in the parameter `password`.
///
/// # Errors
/// It is missing, too short or too long; it is not repeated.
pub fn password(params: &Params<'_>) -> Result<Secret, Reject> {
    let password = params.secret("password")?.ok_or_else(|| missing("password"))?;
    let characters = password.expose().chars().count();
    match (LEAST..=MOST).contains(&characters) {
        true => Ok(password),
        false => {
            let rule = format!("must have {LEAST} to {MOST} characters, has {characters}");
            Err(Reject::param("password", rule))
        }
    }
}
