//! Orders for a name, and which of them is ours.

use std::cmp::Reverse;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::{mailbox, outcome};
use super::{Age, Case, Finding, Halt, Next, applied, cannot, refused, said, shown, taken};
use crate::model::{Answer, Operation};

/// Orders looked at in one conversation; an engine asks twelve questions in a row at most, and some are asked besides.
const LOOKED_AT: usize = 8;
/// Orders on a page, as we ask for them.
const PAGE: usize = 40;

/// Kinds of orders that a registration makes.
pub const NEW: &[&str] = &["new", "premium", "sunrise", "landrush"];
/// Kinds of orders that a transfer makes.
pub const TRANSFER: &[&str] = &["transfer"];
/// Kinds of orders that a renewal makes.
pub const RENEWAL: &[&str] = &["renewal"];

/// An order.
#[derive(Clone, Debug)]
pub struct Order {
    pub id: String,
    pub status: Status,
    kind: String,
    date: Option<String>,
}

/// How far an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Carried out.
    Completed,
    /// At its registry, or waiting for somebody's consent.
    UnderWay,
    /// Kept, and not carried out; or just arrived.
    Pending,
    /// A word nobody knows.
    Strange,
    /// Declined, cancelled or deleted.
    Ended,
}

impl Status {
    pub fn of(word: Option<&str>) -> Self {
        match word.unwrap_or_default().to_ascii_lowercase().as_str() {
            "completed" => Self::Completed,
            "waiting" | "processed" | "pending_fax" | "ca_owner_approval" => Self::UnderWay,
            "pending" => Self::Pending,
            // One l in events, two in lists.
            "declined" | "cancelled" | "canceled" | "deleted" => Self::Ended,
            _ => Self::Strange,
        }
    }
}

impl Order {
    fn of(item: &Value) -> Option<Self> {
        let text = |field: &str| said(item, field).map(str::to_owned);
        Some(Self {
            id: text("id")?,
            status: Status::of(said(item, "status")),
            kind: text("type").unwrap_or_default().to_ascii_lowercase(),
            date: text("order_date"),
        })
    }

    /// Numbers grow.
    pub fn number(&self) -> u64 {
        self.id.parse().unwrap_or(0)
    }

    fn is_one_of(&self, kinds: &[&str]) -> bool {
        self.kind.is_empty() || kinds.contains(&self.kind.as_str())
    }

    /// Whether it may be as new as the job.
    pub fn is_recent(&self, case: &Case<'_>) -> bool {
        case.age(self.date.as_deref()) != Some(Age::Older)
    }
}

/// What is listed for a name.
pub struct Listed {
    orders: Vec<Order>,
    /// There may be more than what is shown.
    is_cut: bool,
}

impl Listed {
    /// The orders of these kinds, the newest first.
    pub fn of(&self, kinds: &[&str]) -> Vec<Order> {
        let mut found: Vec<Order> = self.orders.iter().filter(|order| order.is_one_of(kinds)).cloned().collect();
        found.sort_by_key(|order| Reverse(order.number()));
        found
    }

    /// The order of a number.
    pub fn find(&self, id: &str) -> Option<&Order> {
        self.orders.iter().find(|order| order.id == id)
    }

    /// Those not known before.
    fn has_more_than(&self, known: &Self) -> bool {
        self.orders.iter().any(|order| known.find(&order.id).is_none())
    }
}

/// GET_ORDERS_BY_DOMAIN, of a name with the orders of the last day before the job only, or with all.
pub fn list(case: &mut Case<'_>, domain: &str, all: bool) -> Result<Listed, Halt> {
    let mut params = json!({ "domain": domain, "question": "orders", "limit": PAGE });
    if !all {
        let day = case.doubt.since.checked_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::UNIX_EPOCH);
        params["from"] = outcome::toronto_date(day).to_string().into();
    }
    // Of a name it knows nothing about it may say that it is not ours, or list nothing.
    let Some(answer) = case.shown("GET_ORDERS_BY_DOMAIN", Operation::DomainInfo, params)? else {
        return Ok(Listed { orders: Vec::new(), is_cut: false });
    };
    let items = match answer.data.get("orders") {
        None | Some(Value::Null) => &[][..],
        Some(Value::Array(items)) => items,
        Some(_) => return cannot("GET_ORDERS_BY_DOMAIN shows no list of orders"),
    };
    // Whether `page_size` is what a page may have or what this one has, no document says.
    let is_cut = super::flag(&answer.data, "remainder").unwrap_or(items.len() >= PAGE);
    match items.iter().map(Order::of).collect::<Option<Vec<Order>>>() {
        Some(orders) => Ok(Listed { is_cut, orders }),
        None => cannot("GET_ORDERS_BY_DOMAIN shows an order without its number"),
    }
}

/// Ours, or what there is instead.
pub enum Search<'a> {
    /// Our order, what is shown of it, and how it is known.
    Ours(Order, &'a Answer, &'static str),
    /// None of ours.
    None(Rest),
}

/// Orders that are not ours.
pub struct Rest {
    listed: Listed,
    /// Those of the kind, as new as the job.
    pub others: Vec<Order>,
}

/// Looks for the order of this job among those of these kinds. If the registry has told its number, it is that one: a later
/// one with the same mark is what somebody has made of it since (§5.11, §5.17: a new order has the data of the old one).
/// Else the ones that came to something are looked at first, so that a refused repetition does not hide what an earlier
/// attempt has done.
pub fn search<'a>(case: &mut Case<'a>, kinds: &[&str]) -> Result<Search<'a>, Halt> {
    let domain = case.domain()?;
    let listed = list(case, &domain, false)?;
    let told = case.doubt.taken.and_then(|taken| mailbox::numbers(taken).find_map(|number| listed.find(number)));
    if let Some(order) = told.cloned() {
        let (_, answer) = info(case, &order.id)?;
        return Ok(Search::Ours(order, answer, "its number"));
    }
    let mut recent: Vec<Order> = listed.of(kinds).into_iter().filter(|order| order.is_recent(case)).collect();
    recent.sort_by_key(|order| (order.status, Reverse(order.number())));
    for order in recent.iter().take(LOOKED_AT) {
        let (mark, answer) = mark(case, &order.id, &domain)?;
        match mark {
            Mark::Is(mark) if case.is_ours(&mark) => return Ok(Search::Ours(order.clone(), answer, "affiliate_id")),
            Mark::Is(_) | Mark::None => {}
            Mark::NotShown => match case.age(order.date.as_deref()) {
                Some(Age::Newer) if !case.was_so_just_now() => {
                    return Ok(Search::Ours(order.clone(), answer, "type and order_date; affiliate_id is not shown"));
                }
                _ => {
                    return cannot(format!(
                        "order {} does not show its affiliate_id, nor its date whose it is",
                        order.id
                    ));
                }
            },
        }
    }
    if recent.len() > LOOKED_AT || listed.is_cut {
        return cannot("more orders for the name than are looked at, and the first ones are not of this job");
    }
    Ok(Search::None(Rest { listed, others: recent }))
}

/// Whether an order for the name has appeared since the first look.
pub fn is_there_more(case: &mut Case<'_>, rest: &Rest) -> Result<bool, Halt> {
    let domain = case.domain()?;
    Ok(list(case, &domain, false)?.has_more_than(&rest.listed))
}

/// What an order bears.
pub enum Mark {
    Is(String),
    /// Certainly no mark.
    None,
    /// It is not shown whether it bears one.
    NotShown,
}

/// GET_ORDER_INFO: an order's mark.
pub fn mark<'a>(case: &mut Case<'a>, id: &str, domain: &str) -> Result<(Mark, &'a Answer), Halt> {
    let (fields, answer) = info(case, id)?;
    if said(fields, "domain").is_some_and(|name| !name.eq_ignore_ascii_case(domain)) {
        return cannot(format!("GET_ORDER_INFO: order {id} is about another name"));
    }
    let mark = match fields.get("affiliate_id") {
        None => Mark::NotShown,
        Some(_) => said(fields, "affiliate_id").map_or(Mark::None, |mark| Mark::Is(mark.to_owned())),
    };
    Ok((mark, answer))
}

/// GET_ORDER_INFO: an order's fields.
pub fn info<'a>(case: &mut Case<'a>, id: &str) -> Result<(&'a Value, &'a Answer), Halt> {
    let answer = case.ask(Operation::OrderInfo, json!({ "order": id }))?;
    let fields =
        shown("GET_ORDER_INFO", Operation::OrderInfo, answer)?.and_then(|answer| answer.data.get("field_hash"));
    match fields {
        Some(fields) => Ok((fields, answer)),
        None => cannot(format!("GET_ORDER_INFO shows nothing of order {id}")),
    }
}

/// What has become of an order of this job. `saved`: it was to be kept, not carried out.
pub fn fate(order: &Order, shown: &Answer, known_by: &str, saved: bool, until: &str) -> Next {
    let id = &order.id;
    match order.status {
        Status::Completed => applied(shown, format!("order {id} is this job's ({known_by}) and completed")),
        Status::UnderWay => taken(shown, until, format!("order {id} is this job's ({known_by}) and under way")),
        Status::Pending if saved => applied(shown, format!("order {id} is this job's ({known_by}), kept as ordered")),
        // Each order begins like that; one that stays so lacked money, or its data were not accepted.
        Status::Pending => cannot(format!(
            "order {id} is this job's ({known_by}), pending: just begun, or kept and not carried out (see account.info for \
             money); run it with order.process or withdraw it with order.cancel, and do not order anew"
        )),
        Status::Ended => refused(format!(
            "order {id} is this job's ({known_by}) and came to nothing: declined or cancelled; order.process can order it anew"
        )),
        Status::Strange => cannot(format!("order {id} is this job's ({known_by}), in a status that is not known")),
    }
}

/// Whether an order was found to be under way.
pub fn is_under_way(next: &Next) -> bool {
    matches!(next, Ok(Finding::Taken { .. }))
}
