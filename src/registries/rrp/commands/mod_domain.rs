//! MOD of a domain: some name servers come, some go; statuses of ours are set and taken off. What is to be added must not be
//! there and what is to be removed must be, or nothing of it is done. A job that states all name servers (`nserver`) is
//! first completed by what the registry has (`difference`), so it never fails for that.

use super::super::check;
use super::super::codec::Line;
use super::entity::{Domain, Entity, HOST};
use super::{Request, Rules, no_change};
use crate::model::params::Params;
use crate::model::{ObjectKey, Reject};

/// The attribute with a status.
pub const STATUS: &str = "Status";
/// The parameters that state changes.
const CHANGES: &[&str] = &["nserver", "add_nserver", "remove_nserver", "add_status", "remove_status"];

/// Changes a domain.
pub struct ModDomain {
    domain: Domain,
    add: Vec<String>,
    remove: Vec<String>,
    add_status: Vec<String>,
    remove_status: Vec<String>,
}

impl Request for ModDomain {
    const VERB: &'static str = "mod";
    const PARAMS: &'static [&'static str] =
        &["domain", "nserver", "add_nserver", "remove_nserver", "add_status", "remove_status"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        let domain = Domain::read(params)?;
        let whole = check::hosts(params, "nserver")?;
        let [add, remove] = [check::hosts(params, "add_nserver")?, check::hosts(params, "remove_nserver")?];
        let [add_status, remove_status] =
            [check::statuses(params, "add_status")?, check::statuses(params, "remove_status")?];
        check::apart(&add, &remove, "remove_nserver")?;
        check::apart(&add_status, &remove_status, "remove_status")?;
        if let Some(other) = CHANGES[1..].iter().find(|name| params.has("nserver") && params.has(name)) {
            return Err(Reject::param(*other, "goes with no `nserver`, which states all name servers"));
        }
        let others = [&add, &remove, &add_status].iter().any(|list| !list.is_empty());
        if others && !remove_status.is_empty() {
            let rule = "must be a job of its own: as long as a lock or hold is there, nothing else is changed (552)";
            return Err(Reject::param("remove_status", rule));
        }
        if !params.has("nserver") && !others && remove_status.is_empty() {
            return Err(no_change(CHANGES));
        }
        Ok(Self { domain, add: [whole, add].concat(), remove, add_status, remove_status })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        self.domain.object()
    }

    fn lines(self) -> Vec<Line> {
        let mut lines = self.domain.lines();
        lines.extend(changes(HOST, self.add, self.remove));
        lines.extend(changes(STATUS, self.add_status, self.remove_status));
        lines
    }
}

/// Lines that add values, then lines that remove others: a value with `=` behind it goes.
pub fn changes(name: &str, add: Vec<String>, remove: Vec<String>) -> impl Iterator<Item = Line> {
    let values = add.into_iter().chain(remove.into_iter().map(|value| format!("{value}=")));
    values.map(move |value| Line::attribute(name, value))
}
