//! RegistrarAccountQry: what was billed.

use super::super::objects::{Bill, CONFIRM_DAYS, PRICE};
use super::super::reply::Outcome;
use super::super::wire::tree::Element;
use super::super::{dates, names};
use super::Context;
use super::filters::{self, Range};

pub(super) fn run(context: &mut Context<'_>) -> Outcome {
    let action = context.action;
    let by_date = Range::read(action, "TransDateRange", context.now)?;
    let by_invoice = Range::read(action, "InvoiceDateRange", context.now)?;
    let text = |name: &str, value: &str| action.attribute(name).is_none_or(|pattern| names::fits_text(pattern, value));
    let is_wanted = |bill: &&Bill| {
        let invoice = Invoice::of(bill, context.now);
        bill.registrar == context.registrar
            && bill.at <= context.now
            && by_date.is_none_or(|range| range.has(bill.at))
            && by_invoice.is_none_or(|range| invoice.as_ref().is_some_and(|invoice| range.has(invoice.at)))
            && text("DomainName", &bill.domain)
            && text("RegistrantRef", bill.reference.as_deref().unwrap_or_default())
            && action.attribute("InvoiceId").is_none_or(|id| invoice.as_ref().is_some_and(|invoice| invoice.id == id))
            && action.attribute("TransStatus").is_none_or(|wanted| wanted == status(bill, context.now))
    };
    let found = context.state.bills.values().filter(is_wanted).map(|bill| element(bill, context.now)).collect();
    filters::page(action, context.options, found)
}

/// The invoice of a month, made when it is over.
struct Invoice {
    id: String,
    at: jiff::Timestamp,
}

impl Invoice {
    fn of(bill: &Bill, now: jiff::Timestamp) -> Option<Self> {
        let confirmed = dates::days_later(bill.at, CONFIRM_DAYS);
        let at = dates::next_month(confirmed);
        (at <= now).then(|| Self { id: format!("{}-{}", dates::month(confirmed), bill.registrar), at })
    }
}

fn status(bill: &Bill, now: jiff::Timestamp) -> &'static str {
    if now < dates::days_later(bill.at, CONFIRM_DAYS) { "PendingConfirmation" } else { "Confirmed" }
}

fn element(bill: &Bill, now: jiff::Timestamp) -> Element {
    let cents = i64::from(bill.months) * PRICE;
    let invoice = Invoice::of(bill, now);
    Element::new("BillingTrans")
        .with("RegistrarId", &bill.registrar)
        .with("Type", bill.kind)
        .with("TransStatus", status(bill, now))
        .with("DomainName", &bill.domain)
        .with_some("RegistrantRef", bill.reference.as_ref())
        .with("BillingTerm", bill.months)
        .with_some("InvoiceId", invoice.as_ref().map(|invoice| &invoice.id))
        .with("Amount", format!("{}.{:02}", cents / 100, cents % 100))
        .all(invoice.as_ref().map(|invoice| dates::stamp("InvoiceDate", invoice.at)))
        .child(dates::stamp("TransDate", bill.at))
        .child(dates::stamp("BillPeriodStart", bill.from))
        .child(dates::stamp("BillPeriodEnd", bill.to))
}
