//! Domain CHECK: the status of any name. It does not say whose a domain is.

use serde_json::Value;

use super::super::check::dns::DomainName;
use super::super::codec::tree::{Action, Block, Item};
use super::super::codec::words::Space;
use super::super::params::Params;
use super::{Request, Rules, domain};
use crate::model::{ObjectKey, Operation, Reject};

/// Asks for a name's status.
pub struct DomainCheck {
    name: DomainName,
}

impl Request for DomainCheck {
    const OPERATION: Operation = Operation::DomainCheck;
    const ACTION: Action = Action { kv: "CHECK", space: Space::Domain, xml: "check" };
    const PARAMS: &'static [&'static str] = domain::NAME;

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        Ok(Self { name: domain::name(params)? })
    }

    fn object(&self) -> ObjectKey {
        domain::object(&self.name)
    }

    fn items(self) -> Vec<Item> {
        domain::name_items(self.name)
    }

    /// `status` is free, connect, failed, invalid, redemptionPeriod, pendingCreate or serverHold.
    fn data(answer: &Block) -> Value {
        domain::checked(answer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::order;
    use super::*;

    #[test]
    fn the_object_is_the_ace_form_in_lower_case() {
        for spelling in ["DÄNIC.de", "xn--dnic-loa.de", "XN--DNIC-LOA.DE."] {
            let Value::Object(params) = json!({"domain": spelling, "domain_ace": "xn--dnic-loa.de"}) else {
                unreachable!()
            };
            assert_eq!(order::<DomainCheck>(&params, &Rules::default()).unwrap().0.as_str(), "domain:xn--dnic-loa.de");
        }
        let Value::Object(params) = json!({"domain": "dänic.de", "domain_ace": "xn--dnic-5qa.de"}) else {
            unreachable!()
        };
        let reject = order::<DomainCheck>(&params, &Rules::default()).err().unwrap();
        assert_eq!(reject.field.as_deref(), Some("params.domain_ace"));
    }
}
