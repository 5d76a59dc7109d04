//! What is ordered in the year: domains, each with a story.

use rand::seq::IndexedRandom as _;
use rand::{Rng, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::places::{Place, Registry};

/// What becomes of a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Story {
    /// It is registered for a year, and is to be kept.
    Kept,
    /// Its holder has to be verified.
    Verified,
    /// It gets an AuthInfo1 nobody uses.
    AuthInfo,
    /// It is given up after ten days.
    Deleted,
    /// It is given up after ten days, and had back ten days later.
    Restored,
}

impl Story {
    /// What can happen at a registry, as often as it stands here.
    const fn at(registry: Registry) -> &'static [Self] {
        match registry {
            Registry::Denic => {
                &[Self::Kept, Self::Kept, Self::Verified, Self::Verified, Self::AuthInfo, Self::Deleted, Self::Restored]
            }
            Registry::Opensrs => &[Self::Kept, Self::Kept, Self::Kept, Self::Kept, Self::Kept, Self::Deleted],
            Registry::NzSrs => &[Self::Kept, Self::Kept, Self::Kept, Self::Kept, Self::Deleted, Self::Restored],
            Registry::Rrp => &[Self::Kept, Self::Kept, Self::Kept, Self::Kept, Self::Kept, Self::Deleted],
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            // The word the registry's assessment looks for.
            Self::Verified => "nisverificationrequired",
            Self::AuthInfo => "authinfo",
            Self::Deleted => "deleted",
            Self::Restored => "restored",
        }
    }
}

/// A domain with its story.
#[derive(Clone, Debug)]
pub struct Domain {
    pub name: String,
    pub registry: Registry,
    pub account: String,
    /// Whether the configuration has acts for its account; nobody cares for what the others let lapse.
    pub covered: bool,
    pub story: Story,
    /// The day of the year on which it is registered.
    pub day: u32,
}

/// An order on a day.
pub struct Order {
    pub day: u32,
    pub job: Value,
}

/// The script of a year.
pub struct Script {
    pub domains: Vec<Domain>,
    /// By day.
    pub orders: Vec<Order>,
}

/// Days from a registration to its deletion, and from that to what brings it back.
const LATER: u32 = 10;
/// Of so many domains one is of an account nobody cares for.
const UNCOVERED: u32 = 5;

impl Script {
    /// The script of a seed: domains evenly at all places, registered on these days.
    pub fn of(seed: u64, places: &[Place], count: u32, days: &[u32]) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut script = Self { domains: Vec::new(), orders: Vec::new() };
        let mut holders = Vec::new();
        for place in places.iter().filter(|place| place.registry == Registry::Denic) {
            let handle = format!("{}-OWNER", place.account);
            let job = order(&mut rng, &place.account, "contact.create", contact(&handle));
            holders.push((place.account.clone(), handle, job["id"].clone()));
            script.orders.push(Order { day: days[0], job });
        }
        for number in 0..count {
            let registry = Registry::ALL[number as usize % Registry::ALL.len()];
            let covered = !(number / 4).is_multiple_of(UNCOVERED);
            let place = places.iter().find(|place| place.registry == registry && place.covered == covered).unwrap();
            let story = *Story::at(registry).choose(&mut rng).unwrap();
            let day = days[(u64::from(number) * days.len() as u64 / u64::from(count)) as usize];
            let name = format!("example-{}-{number}.{}", story.word(), registry.zone());
            let account = place.account.clone();
            let domain = Domain { name, registry, account, covered, story, day };
            script.tell(&mut rng, &domain, &holders, number);
            script.domains.push(domain);
        }
        script.orders.sort_by_key(|order| order.day);
        script
    }

    fn tell(&mut self, rng: &mut StdRng, domain: &Domain, holders: &[(String, String, Value)], number: u32) {
        let mut add = |rng: &mut StdRng, days: u32, operation: &str, params: Value, after: Option<Value>| {
            let mut job = order(rng, &domain.account, operation, params);
            if let Some(after) = after {
                job["after"] = json!([after]);
            }
            let id = job["id"].clone();
            self.orders.push(Order { day: domain.day + days, job });
            id
        };
        let (mut params, mut after) = (registration(domain), None);
        if domain.registry == Registry::Denic {
            let (handle, born) = match domain.story {
                // The verification is about a contact: each of these has one of its own.
                Story::Verified => {
                    let handle = holder_of(domain, number);
                    let born = add(rng, 0, "contact.create", contact(&handle), None);
                    (handle, born)
                }
                _ => {
                    let (_, handle, born) = holders.iter().find(|(account, ..)| *account == domain.account).unwrap();
                    (handle.clone(), born.clone())
                }
            };
            params["holder"] = json!([handle]);
            after = Some(born);
        }
        add(rng, 0, "domain.create", params, after);
        let name = || json!({ "domain": domain.name });
        match domain.story {
            Story::Kept | Story::Verified => {}
            Story::AuthInfo => {
                let params = json!({ "domain": domain.name, "auth_info": "Exampe-Secret+23" });
                add(rng, 1, "domain.authcode_create", params, None);
            }
            Story::Deleted => drop(add(rng, LATER, "domain.delete", name(), None)),
            Story::Restored => {
                add(rng, LATER, "domain.delete", name(), None);
                add(rng, 2 * LATER, "domain.restore", name(), None);
            }
        }
    }
}

/// The handle of the one holder of a domain that has to be verified.
fn holder_of(domain: &Domain, number: u32) -> String {
    format!("{}-V{number}", domain.account)
}

/// The handle in the name of a domain that has to be verified.
pub fn holder(domain: &Domain) -> String {
    let number = domain.name.split(['-', '.']).rev().nth(1).unwrap();
    holder_of(domain, number.parse().unwrap())
}

fn order(rng: &mut StdRng, account: &str, operation: &str, params: Value) -> Value {
    let id = uuid::Builder::from_random_bytes(rng.random()).into_uuid();
    json!({ "id": Uuid::to_string(&id), "account": account, "operation": operation, "params": params })
}

fn contact(handle: &str) -> Value {
    json!({
        "handle": handle, "type": "PERSON", "name": "Owen Owner", "address": ["1 Example Road"],
        "postal_code": "60329", "city": "Frankfurt am Main", "country_code": "DE",
        "email": ["owner@example.net"], "phone": "+49.6927235",
    })
}

/// The order for a name, for a year where that is said.
fn registration(domain: &Domain) -> Value {
    let servers = json!(["ns1.example.net", "ns2.example.net"]);
    match domain.registry {
        Registry::Denic => json!({ "domain": domain.name, "nserver": servers }),
        Registry::Opensrs => {
            let contact = json!({
                "first_name": "Owen", "last_name": "Owner", "org_name": "Example Org", "address1": "32 Oak St",
                "city": "Toronto", "state": "ON", "country": "CA", "postal_code": "M6K 3M1",
                "phone": "+1.4165550123x19", "email": "owner@example.org", "lang_pref": "EN",
            });
            json!({
                "domain": domain.name, "years": 1, "username": "example01", "password": "s3cretpw9",
                "auto_renew": false, "contacts": { "owner": contact, "admin": contact, "billing": contact },
            })
        }
        Registry::NzSrs => json!({
            "domain": domain.name, "term": 12, "nserver": servers,
            "registrant": {
                "name": "Owen Owner", "email": "owner@example.net", "phone": "+64.4.1234567",
                "address1": "1 Example Road", "city": "Wellington", "country_code": "NZ", "postal_code": "6011",
            },
        }),
        Registry::Rrp => json!({ "domain": domain.name, "years": 1 }),
    }
}
