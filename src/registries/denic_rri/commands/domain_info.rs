//! Domain INFO: what is stored of a domain; how much of it depends on whose it is and on an AuthInfo.

use serde_json::Value;

use super::super::check::dns::DomainName;
use super::super::codec::tree::{Action, Block, Item};
use super::super::codec::words::{Space, Word};
use super::super::params::Params;
use super::{Request, Rules, auth_info, domain};
use crate::model::{ObjectKey, Operation, Reject, Secret};

/// Asks for a domain.
pub struct DomainInfo {
    name: DomainName,
    auth_info: Option<Secret>,
    recursive: Option<bool>,
}

impl Request for DomainInfo {
    const OPERATION: Operation = Operation::DomainInfo;
    const ACTION: Action = Action { kv: "INFO", space: Space::Domain, xml: "info" };
    const PARAMS: &'static [&'static str] = &["domain", "domain_ace", "auth_info", "recursive"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        let auth_info = auth_info::given(params)?;
        Ok(Self { name: domain::name(params)?, auth_info, recursive: params.flag("recursive")? })
    }

    fn object(&self) -> ObjectKey {
        domain::object(&self.name)
    }

    fn items(self) -> Vec<Item> {
        let mut items = domain::name_items(self.name);
        items.extend(self.auth_info.map(|secret| Item::field(Word::AuthInfo, secret.expose())));
        items.extend(self.recursive.map(|recursive| Item::field(Word::Recursive, recursive.to_string())));
        items
    }

    fn data(answer: &Block) -> Value {
        domain::data(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::codec;
    use super::*;

    #[test]
    fn a_date_before_which_it_was_registered() {
        let text = "Result: success\nDomain: example.de\nRegistrationDate: before 2011-05-31T00:00:00+02:00\nRegAccId: DENIC-1\nRegAccName: Example\n";
        let data = DomainInfo::data(&codec::read(text.as_bytes()).unwrap().data);
        assert_eq!(data["registration_date"], "2011-05-31T00:00:00+02:00");
        assert_eq!(data["registration_date_is_before"], true);
        assert_eq!(data["reg_acc"]["id"], "DENIC-1", "as protocols 3.0 and 4.0 write it");
        assert_eq!(data["reg_acc"]["name"], "Example");
    }

    #[test]
    fn name_servers_come_back_as_they_are_ordered() {
        let text = "Result: success\nNserver: NS1.Example.de. 192.0.2.1\nNserver: ns2.example.net\nNserver: ns1.example.de 2001:db8:0:0:0:0:0:1\nNsentry: Example.de. IN MX 0 .\n";
        let data = DomainInfo::data(&codec::read(text.as_bytes()).unwrap().data);
        assert_eq!(data["nserver"], serde_json::json!(["ns1.example.de 192.0.2.1 2001:db8::1", "ns2.example.net"]));
        assert_eq!(data["nsentry"], serde_json::json!(["example.de IN MX 0 ."]));
    }
}
