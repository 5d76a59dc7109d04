//! One registrar's account: its settings, limits and the opening of sessions.

use std::sync::Arc;

use serde_json::Value;

use crate::net::dial::Dial;
use crate::registries::Registry;

/// No account yet.
///
/// # Errors
/// Always.
pub fn new(_name: &str, _settings: &Value) -> Result<Arc<dyn Registry>, String> {
    Err("this program cannot sign requests to this registry yet".into())
}

/// As [`new`].
///
/// # Errors
/// Always.
pub fn over(name: &str, settings: &Value, _dial: Arc<dyn Dial>) -> Result<Arc<dyn Registry>, String> {
    new(name, settings)
}
