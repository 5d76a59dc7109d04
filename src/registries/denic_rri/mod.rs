//! DENIC RRI: the registry of .de.
use super::Plugin;
/// placeholder
pub const PLUGIN: Plugin = Plugin {
    name: "denic-rri",
    operations: &[],
    dialect: |_| Err("not yet".into()),
    account: |_, _| Err("not yet".into()),
};
