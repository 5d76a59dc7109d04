//! What the registry knows. Guarded by one mutex that is never held across an await.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::super::clock::later;
use super::super::holds::Holds;
use super::super::limits::Throttle;
use super::OpensrsOptions;
use super::objects::{Domain, Event, Host, Kind, Later, Order, Status, Transfer};
use super::wire::tree::Node;
use crate::model::Secret;

/// Most events kept for one account; what the registry would say beyond that is lost.
pub(super) const MOST_EVENTS: usize = 100_000;

/// A reseller with everything counted for it.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) username: String,
    /// 112 hexadecimal digits.
    pub(super) key: Secret,
    /// Addresses requests may come from.
    pub(super) allowed: BTreeSet<IpAddr>,
    /// In cents, as is what is held back for orders that wait.
    pub(super) balance: i64,
    pub(super) hold: i64,
    pub(super) throttle: Throttle,
    /// Numbers of the connections it uses now.
    pub(super) connections: BTreeSet<u64>,
    /// Registrants' profiles with their passwords.
    pub(super) profiles: BTreeMap<String, Secret>,
    /// The domain and the profile a cookie stands for.
    pub(super) cookies: BTreeMap<String, (String, String)>,
    pub(super) events: VecDeque<Event>,
    /// Registrants who have proved that they can be reached.
    pub(super) verified: BTreeSet<super::objects::Registrant>,
}

/// What the calendar speaks of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    Domain(String),
    Order(u64),
    Transfer(u64),
    Later(u64),
}

/// The whole registry.
#[derive(Debug)]
pub(super) struct State {
    pub(super) accounts: BTreeMap<String, Account>,
    pub(super) domains: BTreeMap<String, Domain>,
    pub(super) orders: BTreeMap<u64, Order>,
    /// Numbers of a domain's orders, oldest first.
    pub(super) orders_of: BTreeMap<String, Vec<u64>>,
    pub(super) transfers: BTreeMap<u64, Transfer>,
    /// Names that are at another registrar, having been here before.
    pub(super) elsewhere: BTreeSet<String>,
    /// Domains that left an account: name, account, when.
    pub(super) left: Vec<(String, String, Timestamp)>,
    pub(super) hosts: BTreeMap<String, Host>,
    /// Hosts that the registry of a zone was told of: zone with its dot (empty: all), host.
    pub(super) told_hosts: BTreeSet<(String, String)>,
    pub(super) later: BTreeMap<u64, Later>,
    /// When something is due for what; may hold dates that no longer matter.
    pub(super) calendar: BTreeSet<(Timestamp, Subject)>,
    /// Names being worked on.
    pub(super) held: Holds,
    /// Names whose first write or first question was treated as they ask for, and when.
    pub(super) met: BTreeMap<String, Timestamp>,
    pub(super) options: OpensrsOptions,
    seed: u64,
    serial: u64,
    last_id: u64,
}

impl State {
    /// A registry with accounts and nothing else.
    pub(super) fn new(options: &OpensrsOptions, seed: u64) -> Self {
        let accounts = (1..=options.accounts).map(|n| account(n, options, seed)).map(|a| (a.username.clone(), a));
        Self {
            accounts: accounts.collect(),
            domains: BTreeMap::new(),
            orders: BTreeMap::new(),
            orders_of: BTreeMap::new(),
            transfers: BTreeMap::new(),
            elsewhere: BTreeSet::new(),
            left: Vec::new(),
            hosts: BTreeMap::new(),
            told_hosts: BTreeSet::new(),
            later: BTreeMap::new(),
            calendar: BTreeSet::new(),
            held: Holds::default(),
            met: BTreeMap::new(),
            options: options.clone(),
            seed,
            serial: 0,
            last_id: 3_735_280,
        }
    }

    /// The next number for an order, a transfer, a request or a domain.
    pub(super) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Fresh bytes: the same in every run with the same seed and order.
    pub(super) fn next_digest(&mut self) -> [u8; 32] {
        self.serial += 1;
        Sha256::digest([self.seed.to_be_bytes(), self.serial.to_be_bytes()].concat()).into()
    }

    /// So many fresh hexadecimal digits, at most 64.
    pub(super) fn next_hex(&mut self, digits: usize) -> String {
        data_encoding::HEXLOWER.encode(&self.next_digest()).chars().take(digits).collect()
    }

    /// Tells an account something; lost if the queue is full.
    pub(super) fn tell(
        &mut self,
        account: &str,
        now: Timestamp,
        object: &str,
        event: &str,
        data: Node,
    ) -> Option<String> {
        let id = self.next_hex(32);
        let events = &mut self.accounts.get_mut(account)?.events;
        if events.len() >= MOST_EVENTS {
            return None;
        }
        let event = Event { id: id.clone(), date: now, object: object.into(), event: event.into(), data };
        events.push_back(event);
        Some(id)
    }

    /// Tells a domain's account of it.
    pub(super) fn tell_of_domain(&mut self, name: &str, now: Timestamp, event: &str, more: Node) {
        let Some(domain) = self.domains.get(name) else { return };
        let account = domain.account.clone();
        let mut data = Node::none().with("domain_id", domain.id).with("domain_name", &domain.name);
        if let Node::Assoc(items) = more {
            data = items.into_iter().fold(data, |data, (key, value)| data.with(&key, value));
        }
        self.tell(&account, now, "DOMAIN", event, data);
    }

    /// Moves an order on and tells its account, if that is news.
    pub(super) fn set_order(&mut self, id: u64, status: Status, now: Timestamp) {
        let Some(order) = self.orders.get_mut(&id).filter(|order| order.status != status) else { return };
        (order.status, order.changed) = (status, now);
        let word = if status == Status::Cancelled { "canceled" } else { status.word() };
        let data = Node::none()
            .with("order_id", order.id)
            .with("domain_name", &order.domain)
            .with("order_reg_type", order.kind.word())
            .with("order_status", word)
            .with("period", u64::from(order.period));
        let account = order.account.clone();
        self.tell(&account, now, "ORDER", "STATUS_CHANGE", data);
    }

    /// Moves a transfer on, tells its account, and notes when it goes on by itself.
    pub(super) fn set_transfer(&mut self, id: u64, status: &'static str, now: Timestamp) {
        let Some(transfer) = self.transfers.get_mut(&id) else { return };
        (transfer.status, transfer.changed) = (status, now);
        let data = Node::none()
            .with("transfer_id", transfer.id)
            .with("order_id", transfer.order)
            .with("domain_name", &transfer.domain)
            .with("transfer_status", status);
        let account = transfer.account.clone();
        if let Some(due) = transfer.due() {
            self.calendar.insert((due, Subject::Transfer(id)));
        }
        self.tell(&account, now, "TRANSFER", "STATUS_CHANGE", data);
    }

    /// Puts an order in.
    pub(super) fn place(&mut self, order: Order) -> u64 {
        let id = order.id;
        self.orders_of.entry(order.domain.clone()).or_default().push(id);
        self.orders.insert(id, order);
        id
    }

    /// Orders of an account for a domain, the newest first.
    pub(super) fn orders_for<'a>(&'a self, account: &'a str, domain: &str) -> impl Iterator<Item = &'a Order> {
        let ids = self.orders_of.get(domain).map(Vec::as_slice).unwrap_or_default();
        ids.iter().rev().filter_map(|id| self.orders.get(id)).filter(move |order| order.account == account)
    }

    /// The order that waits at a registry for this name.
    pub(super) fn waiting_for(&self, domain: &str) -> Option<&Order> {
        let ids = self.orders_of.get(domain)?;
        ids.iter().filter_map(|id| self.orders.get(id)).find(|order| order.status == Status::Waiting)
    }

    /// Cancels the orders of an account for a name that are only kept, and says which these were.
    pub(super) fn cancel_saved(&mut self, account: &str, domain: &str, now: Timestamp) -> Vec<u64> {
        let is_saved = |order: &&Order| order.status == Status::Pending && order.kind != Kind::Renewal;
        let mut ids: Vec<u64> = self.orders_for(account, domain).filter(is_saved).map(|order| order.id).collect();
        ids.sort_unstable();
        ids.iter().for_each(|id| self.set_order(*id, Status::Cancelled, now));
        ids
    }

    /// Puts a domain in, as it is now, and notes when something happens to it next.
    pub(super) fn put(&mut self, domain: Domain) {
        if let Some(due) = domain.due() {
            self.calendar.insert((due, Subject::Domain(domain.name.clone())));
        }
        self.domains.insert(domain.name.clone(), domain);
    }

    /// Notes an order's end.
    pub(super) fn wait_for(&mut self, id: u64, is_well: bool, now: Timestamp) {
        let end = later(now, SignedDuration::try_from(self.options.waiting).unwrap_or(SignedDuration::MAX));
        if let Some(order) = self.orders.get_mut(&id) {
            order.ends = Some((end, is_well));
            self.calendar.insert((end, Subject::Order(id)));
        }
    }

    /// Whether an account can spend so much now.
    pub(super) fn affords(&self, account: &str, cost: i64) -> bool {
        self.accounts.get(account).is_some_and(|account| account.balance - account.hold >= cost)
    }

    /// Spends; a negative sum is given back.
    pub(super) fn spend(&mut self, account: &str, cost: i64) {
        if let Some(account) = self.accounts.get_mut(account) {
            account.balance -= cost;
        }
    }

    /// Holds money back; a negative sum is let go.
    pub(super) fn hold_back(&mut self, account: &str, cost: i64) {
        if let Some(account) = self.accounts.get_mut(account) {
            account.hold += cost;
        }
    }

    /// The domain a cookie stands for.
    pub(super) fn domain_of_cookie(&self, account: &str, cookie: &str) -> Option<&str> {
        self.accounts.get(account)?.cookies.get(cookie.trim()).map(|(domain, _)| domain.as_str())
    }
}

fn account(n: usize, options: &OpensrsOptions, seed: u64) -> Account {
    let username = format!("reseller{n}");
    let half = |part: u8| data_encoding::HEXLOWER.encode(&Sha256::digest(format!("{seed} {username} {part}")));
    let key: String = (half(1) + &half(2)).chars().take(112).collect();
    let window = SignedDuration::try_from(options.window).unwrap_or(SignedDuration::MAX);
    Account {
        key: Secret::new(key),
        username,
        allowed: BTreeSet::from([IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]),
        balance: options.balance,
        hold: 0,
        throttle: Throttle::new(window, SignedDuration::ZERO),
        connections: BTreeSet::new(),
        profiles: BTreeMap::new(),
        cookies: BTreeMap::new(),
        events: VecDeque::new(),
        verified: BTreeSet::new(),
    }
}
