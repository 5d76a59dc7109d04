//! What clients need to know: the address, and keys in files.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::super::lock;
use super::https::PATH;
use super::keys;
use super::server::Server;

impl Server {
    /// Writes the keys where they belong; nothing to do where there is no place for them.
    ///
    /// # Errors
    /// Says which file cannot be written.
    pub(in super::super) fn write_keys(&self) -> Result<(), String> {
        let Some(directory) = &self.options.directory else { return Ok(()) };
        fs::create_dir_all(directory).map_err(|error| format!("cannot make {}: {error}", directory.display()))?;
        write(&directory.join("registry.asc"), keys::REGISTRY_PUBLIC)?;
        for (n, id) in self.registrars() {
            write(&directory.join(format!("registrar-{id}.asc")), keys::of_registrar(n).0)?;
        }
        if self.options.bad_keys {
            write(&directory.join("expired.asc"), keys::EXPIRED)?;
            write(&directory.join("other-environment.asc"), keys::OTHER)?;
        }
        Ok(())
    }

    /// Numbers and ids of registrars.
    fn registrars(&self) -> Vec<(usize, String)> {
        lock(&self.state).registrars.keys().cloned().enumerate().collect()
    }

    /// The registry's part of the ready line.
    pub(super) fn said(&self) -> Value {
        let key = |file: &str, text: &str| match &self.options.directory {
            Some(directory) => json!(directory.join(file)),
            None => json!(text),
        };
        let account = |(n, id): (usize, String)| {
            let secret = key(&format!("registrar-{id}.asc"), keys::of_registrar(n).0);
            json!({ "registrar_id": id, "secret_key": secret })
        };
        let accounts: Vec<_> = self.registrars().into_iter().map(account).collect();
        let mut said = json!({
            "url": format!("https://{}{PATH}", self.address),
            "registry_key": key("registry.asc", keys::REGISTRY_PUBLIC),
            "accounts": accounts,
        });
        if self.options.bad_keys {
            said["expired_key"] = key("expired.asc", keys::EXPIRED);
            said["other_environment_key"] = key("other-environment.asc", keys::OTHER);
        }
        said
    }
}

/// Writes a file that only its owner reads.
fn write(path: &Path, text: &str) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    let failed = |error: std::io::Error| format!("cannot write {}: {error}", path.display());
    fs::write(path, text).map_err(failed)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(failed)
}
