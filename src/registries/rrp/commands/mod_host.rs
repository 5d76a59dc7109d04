//! MOD of a name server: another name, which the domains that use it then use, too; addresses come and go. A job that states
//! all addresses (`address`) is first completed by what the registry has (`difference`).

use super::super::check;
use super::super::codec::Line;
use super::add_host::ADDRESS;
use super::entity::{Entity, Host};
use super::mod_domain::changes;
use super::{Request, Rules, no_change};
use crate::model::params::Params;
use crate::model::{ObjectKey, Reject};

/// The parameters that state changes.
const CHANGES: &[&str] = &["new_name", "address", "add_address", "remove_address"];
/// The attribute with the name to come.
pub const NEW_NAME: &str = "NewNameServer";

/// Changes a name server.
pub struct ModHost {
    host: Host,
    new_name: Option<String>,
    add: Vec<String>,
    remove: Vec<String>,
}

impl Request for ModHost {
    const VERB: &'static str = "mod";
    const PARAMS: &'static [&'static str] = &["host", "new_name", "address", "add_address", "remove_address"];

    fn read(params: &Params<'_>, rules: &Rules) -> Result<Self, Reject> {
        let host = Host::read(params)?;
        let new_name = params.optional("new_name")?.map(|name| check::host("new_name", &name)).transpose()?;
        let [whole, add, remove] = ["address", "add_address", "remove_address"];
        let [whole, add, remove] = [
            check::addresses(params, whole, rules.is_current)?,
            check::addresses(params, add, rules.is_current)?,
            check::addresses(params, remove, rules.is_current)?,
        ];
        check::apart(&add, &remove, "remove_address")?;
        if let Some(other) = CHANGES[2..].iter().find(|name| params.has("address") && params.has(name)) {
            return Err(Reject::param(*other, "goes with no `address`, which states all addresses"));
        }
        if params.has("address") && whole.is_empty() {
            return Err(Reject::param("address", "must not be empty"));
        }
        if new_name.is_none() && [&whole, &add, &remove].iter().all(|list| list.is_empty()) {
            return Err(no_change(CHANGES));
        }
        Ok(Self { host, new_name, add: [whole, add].concat(), remove })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        self.host.object()
    }

    fn lines(self) -> Vec<Line> {
        let mut lines = self.host.lines();
        lines.extend(self.new_name.map(|name| Line::attribute(NEW_NAME, name)));
        lines.extend(changes(ADDRESS, self.add, self.remove));
        lines
    }
}
