//! The commands, one file for each group of them, and what they have in common.

mod account;
mod contacts;
mod cookie;
mod event;
mod fields;
mod get;
mod host;
mod life;
mod lookup;
mod modify;
mod nameservers;
mod orders;
mod prices;
mod register;
mod renew;
mod transfer;

use jiff::Timestamp;

use super::OpensrsOptions;
use super::objects::{Domain, Later, Stage};
use super::reply::{Outcome, Reply, refuse_as};
use super::state::{State, Subject};
use super::wire::tree::Node;

pub(super) use register::{finish, tell_verification};
pub(super) use renew::extend;
pub(super) use transfer::arrive;

/// A year of a name, in cents.
pub(super) fn price(name: &str) -> i64 {
    prices::of(name, 1)
}

/// A command of the registry.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) action: &'static str,
    object: &'static str,
    pub(super) is_write: bool,
    /// What it is in the ledger.
    name: &'static str,
    /// The attribute that names what it is about.
    about: &'static str,
    pub(super) run: fn(&mut Context<'_>) -> Outcome,
}

const fn read(
    action: &'static str,
    object: &'static str,
    name: &'static str,
    about: &'static str,
    run: fn(&mut Context<'_>) -> Outcome,
) -> Command {
    Command { action, object, is_write: false, name, about, run }
}

const fn write(
    action: &'static str,
    object: &'static str,
    name: &'static str,
    about: &'static str,
    run: fn(&mut Context<'_>) -> Outcome,
) -> Command {
    Command { is_write: true, ..read(action, object, name, about, run) }
}

/// Every command that is understood.
const COMMANDS: &[Command] = &[
    read("LOOKUP", "DOMAIN", "domain.check", "domain", lookup::lookup),
    read("GET_PRICE", "DOMAIN", "domain.check", "domain", lookup::price),
    read("CHECK_TRANSFER", "DOMAIN", "domain.check", "domain", transfer::check),
    read("BELONGS_TO_RSP", "DOMAIN", "domain.check", "domain", lookup::belongs),
    read("GET", "DOMAIN", "domain.info", "domain", get::run),
    read("GET_ORDERS_BY_DOMAIN", "DOMAIN", "domain.info", "domain", orders::of_domain),
    read("GET_TRANSFERS_IN", "DOMAIN", "domain.info", "domain", transfer::coming),
    read("GET_TRANSFERS_AWAY", "DOMAIN", "domain.info", "domain", transfer::leaving),
    read("GET_REGISTRANT_VERIFICATION_STATUS", "DOMAIN", "domain.info", "domain", life::verification),
    read("GET_ORDER_INFO", "DOMAIN", "order.info", "order_id", orders::info),
    read("QUERY_QUEUED_REQUEST", "DOMAIN", "order.info", "request_id", orders::queued),
    read("GET_BALANCE", "BALANCE", "account.info", "", account::balance),
    read("GET_DOMAINS_BY_EXPIREDATE", "DOMAIN", "account.info", "", account::expiring),
    read("GET_DELETED_DOMAINS", "DOMAIN", "account.info", "", account::deleted),
    read("SET", "COOKIE", "cookie.set", "domain", cookie::set),
    read("DELETE", "COOKIE", "cookie.delete", "", cookie::delete),
    read("QUIT", "SESSION", "session.quit", "", cookie::quit),
    read("POLL", "EVENT", "message.read", "", event::poll),
    read("GET", "NAMESERVER", "host.info", "name", host::get),
    read("REGISTRY_CHECK_NAMESERVER", "NAMESERVER", "host.check", "fqdn", host::check),
    write("ACK", "EVENT", "message.delete", "", event::ack),
    write("SW_REGISTER", "DOMAIN", "domain.create", "domain", register::run),
    write("RENEW", "DOMAIN", "domain.renew", "domain", renew::run),
    write("MODIFY", "DOMAIN", "domain.update", "domain", modify::run),
    write("UPDATE_CONTACTS", "DOMAIN", "domain.update", "domain", contacts::run),
    write("ADVANCED_UPDATE_NAMESERVERS", "DOMAIN", "domain.update", "domain", nameservers::run),
    write("REVOKE", "DOMAIN", "domain.delete", "domain", life::revoke),
    write("REDEEM", "DOMAIN", "domain.restore", "domain", life::redeem),
    write("SEND_AUTHCODE", "DOMAIN", "domain.authcode_request", "domain_name", life::send_authcode),
    write("SEND_REGISTRANT_VERIFICATION_EMAIL", "DOMAIN", "domain.update", "domain", life::send_email),
    write("PROCESS_PENDING", "DOMAIN", "order.process", "order_id", orders::process),
    write("CANCEL_PENDING_ORDERS", "ORDER", "order.cancel", "", orders::cancel_all),
    write("PROCESS_TRANSFER", "TRANSFER", "order.process", "order_id", transfer::process),
    write("CANCEL_TRANSFER", "TRANSFER", "order.cancel", "domain", transfer::cancel),
    write("CREATE", "NAMESERVER", "host.create", "name", host::create),
    write("REGISTRY_ADD_NS", "NAMESERVER", "host.create", "fqdn", host::add),
    write("MODIFY", "NAMESERVER", "host.update", "name", host::modify),
    write("DELETE", "NAMESERVER", "host.delete", "name", host::delete),
];

/// A request that could be read.
pub(super) struct Request {
    pub(super) command: &'static Command,
    /// In capitals, as is the object.
    pub(super) action: String,
    pub(super) object: String,
    pub(super) attributes: Node,
    pub(super) cookie: Option<String>,
}

impl Request {
    /// Reads a message's data.
    ///
    /// # Errors
    /// Says what is missing or unknown.
    pub(super) fn read(message: Node) -> Result<Self, String> {
        let word = |key: &str| message.text(key).map(str::to_uppercase).ok_or_else(|| format!("there is no {key}"));
        if word("protocol")? != "XCP" {
            return Err("the protocol is not XCP".into());
        }
        let (action, object) = (word("action")?, word("object")?);
        // Toolkits say DOMAIN or NAMESERVER of the two commands about name servers at other registries.
        let is_it = |command: &&Command| {
            command.action == action && (command.object == object || action.starts_with("REGISTRY_"))
        };
        let command = COMMANDS.iter().find(is_it).ok_or_else(|| action.escape_default().to_string())?;
        let attributes = message.get("attributes").cloned().unwrap_or(Node::none());
        let cookie = message.text("cookie").map(str::to_owned);
        Ok(Self { command, action, object, attributes, cookie })
    }

    /// What it is in the ledger.
    pub(super) fn name(&self) -> &'static str {
        let text = |key| self.attributes.text(key).unwrap_or_default();
        let only_owner = || self.attributes.texts("types").iter().all(|kind| kind == "owner");
        match self.action.as_str() {
            "SW_REGISTER" if text("reg_type") == "transfer" => "domain.transfer",
            "MODIFY" if text("data") == "domain_auth_info" => "domain.authcode_create",
            "UPDATE_CONTACTS" if only_owner() => "domain.change_holder",
            "PROCESS_PENDING" if text("command") == "cancel" => "order.cancel",
            _ => self.command.name,
        }
    }

    /// What it is about: a domain or a host in small letters, or the number of an order.
    pub(super) fn object(&self, state: &State, account: &str) -> Option<String> {
        let about = self.command.about;
        let named = self.attributes.text(about).or_else(|| self.attributes.text("order_id"));
        let domain = || state.domain_of_cookie(account, self.cookie.as_deref()?);
        let of_cookie = if about == "domain" { domain() } else { None };
        named.filter(|_| !about.is_empty()).or(of_cookie).map(name)
    }
}

/// A name as the registry keeps it: small letters, no `www.` before it, no dot behind it.
pub(super) fn name(text: &str) -> String {
    let text = text.trim().trim_end_matches('.').to_lowercase();
    text.strip_prefix("www.").map(str::to_owned).unwrap_or(text)
}

/// Something that was changed, for the ledger.
pub(super) struct Effect {
    pub(super) kind: &'static str,
    pub(super) object: String,
    pub(super) transaction: Option<String>,
    pub(super) detail: Option<String>,
}

/// What a command works with.
pub(super) struct Context<'a> {
    pub(super) state: &'a mut State,
    pub(super) account: &'a str,
    pub(super) request: &'a Request,
    pub(super) now: Timestamp,
    pub(super) options: &'a OpensrsOptions,
    pub(super) effects: Vec<Effect>,
    /// The correlation of whatever is ordered.
    pub(super) transaction: Option<String>,
}

impl Context<'_> {
    /// The attributes.
    fn attributes(&self) -> &Node {
        &self.request.attributes
    }

    /// An attribute that has to be there.
    fn required(&self, key: &str) -> Result<String, Box<Reply>> {
        let text = self.attributes().text(key).map(str::to_owned);
        text.map_or_else(|| refuse_as(460, format!("Missing required field: {key}")), Ok)
    }

    /// The domain the request is about, by its name or by a cookie.
    fn name(&self) -> Result<String, Box<Reply>> {
        if let Some(text) = self.attributes().text("domain") {
            return Ok(name(text));
        }
        let Some(cookie) = self.request.cookie.as_deref() else { return refuse_as(460, "No Domain Supplied") };
        match self.state.domain_of_cookie(self.account, cookie) {
            Some(domain) => Ok(domain.to_owned()),
            None => refuse_as(415, "Invalid Cookie Supplied"),
        }
    }

    /// The domain the request is about, if the account has it and it is not deleted.
    fn domain(&self) -> Result<Domain, Box<Reply>> {
        let name = self.name()?;
        let domain = self.state.domains.get(&name).filter(|domain| domain.account == self.account);
        match domain.filter(|domain| domain.stage != Stage::Redemption) {
            Some(domain) => Ok(domain.clone()),
            None => refuse_as(480, format!("Domain {name} not owned by user")),
        }
    }

    /// The same for a write: nothing may be waiting for it at an asynchronous registry.
    fn writable(&self) -> Result<Domain, Box<Reply>> {
        let domain = self.domain()?;
        let is_busy = domain.waiting.is_some() || self.state.waiting_for(&domain.name).is_some();
        if is_busy { super::reply::refuse(437) } else { Ok(domain) }
    }

    /// Writes down that something was changed.
    fn effect(&mut self, object: &str) {
        self.effect_as(self.request.name(), object, None);
    }

    /// The same under another name, or with a remark.
    fn effect_as(&mut self, kind: &'static str, object: &str, detail: Option<&str>) {
        let transaction = self.transaction.clone();
        let detail = detail.map(str::to_owned);
        self.effects.push(Effect { kind, object: object.to_owned(), transaction, detail });
    }

    /// Puts a changed domain in and answers; at an asynchronous registry it is only changed later.
    fn change(&mut self, mut domain: Domain, text: &str) -> Outcome {
        domain.updated = self.now;
        self.effect(&domain.name);
        if !super::patterns::begins(&domain.name, "async") {
            self.state.put(domain);
            return Ok(Reply::ok(text));
        }
        let id = self.state.next_id();
        let span = jiff::SignedDuration::try_from(self.options.waiting).unwrap_or(jiff::SignedDuration::MAX);
        let ends = super::super::clock::later(self.now, span);
        if let Some(now) = self.state.domains.get_mut(&domain.name) {
            now.waiting = Some(id);
        }
        self.state.calendar.insert((ends, Subject::Later(id)));
        let later = Later { account: self.account.to_owned(), domain: Box::new(domain), ends, is_done: false };
        self.state.later.insert(id, later);
        let reply = Reply::success(250, super::codes::ASYNC_TEXT);
        Ok(reply.with(Node::none().with("queue_request_id", id)))
    }
}
