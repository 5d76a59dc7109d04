//! Secrets by reference: a file (systemd credential) or an environment variable, never in the configuration itself.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::model::Secret;

/// Largest secret that is read, in bytes.
const LONGEST: u64 = 64 * 1024;

/// Reads a secret from a file. A relative path is looked up in `$CREDENTIALS_DIRECTORY` (systemd `LoadCredential`) if
/// that is set. One trailing line end is taken off.
///
/// # Errors
/// Says which file could not be read and why.
pub fn from_file(path: &Path) -> Result<Secret, String> {
    let bytes = bytes_from_file(path)?;
    let path = locate(path);
    let text = std::str::from_utf8(&bytes).map_err(|_| format!("the secret in {} is not UTF-8", path.display()))?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return Err(format!("the secret in {} is empty", path.display()));
    }
    Ok(Secret::new(text))
}

/// Reads a secret that is no text (a key), as [`from_file`] does. Wiped on drop.
///
/// # Errors
/// Says which file could not be read and why.
pub fn bytes_from_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let path = locate(path);
    let read = || -> std::io::Result<Zeroizing<Vec<u8>>> {
        let size = std::fs::metadata(&path)?.len();
        if size > LONGEST {
            return Err(std::io::Error::other(format!("{size} bytes are too many for a secret")));
        }
        std::fs::read(&path).map(Zeroizing::new)
    };
    read().map_err(|error| format!("cannot read the secret in {}: {error}", path.display()))
}

/// Reads a secret from an environment variable.
///
/// # Errors
/// Says which variable is missing.
pub fn from_env(name: &str) -> Result<Secret, String> {
    match std::env::var(name) {
        Ok(text) if !text.is_empty() => Ok(Secret::new(text)),
        Ok(_) => Err(format!("environment variable {name} is empty")),
        Err(error) => Err(format!("environment variable {name}: {error}")),
    }
}

/// The path of a credential: below `$CREDENTIALS_DIRECTORY` if relative and that is set.
#[must_use]
pub fn locate(path: &Path) -> PathBuf {
    match std::env::var_os("CREDENTIALS_DIRECTORY") {
        Some(directory) if path.is_relative() => Path::new(&directory).join(path),
        _ => path.to_owned(),
    }
}
