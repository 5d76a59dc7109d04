//! The language in which a registry says what its answers and messages mean for the calendar: rows of a table that can be
//! held against its manual.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::{Basis, Deadline, DeadlineKind, Says, Word};
use crate::model::civil::Span;
use crate::model::command::{ObjectKey, Operation};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// An order was carried out, or a question answered.
    Done(Operation),
    /// The registry took an order and works on it.
    Taken(Operation),
    /// The registry turned a question or an order down.
    Refused(Operation),
    /// A message of this kind (our word) was read.
    Told(&'static str),
    /// A question was answered about an object that is somebody else's.
    Foreign(Operation),
    /// An order was turned away because the registry takes it from people only.
    ByHand(Operation),
    /// An order was given up without its being known whether a request of it was carried out.
    GaveUp,
    /// An order of which it was not known whether a request of it was carried out is done, or refused for good.
    Settled,
    /// Anything of these: for what follows from a date, whoever named it.
    Anything,
}

/// What that means for the calendar of the object.
#[derive(Clone, Copy, Debug)]
pub enum Then {
    /// Something is due so long after it, unless a date for it was named.
    Starts(DeadlineKind, Span),
    /// Something is due so long after the instant at this place of what the registry said (RFC 3339), or, where it names none
    /// there, after it.
    Since(DeadlineKind, &'static str, Span),
    /// Something is due so long after a date that was named.
    Follows(DeadlineKind, DeadlineKind, Span),
    /// What these asked for was done.
    Meets(&'static [DeadlineKind]),
    /// All dates of these kinds are named where there are any: those that are not, are not there.
    Shows(&'static [DeadlineKind]),
    /// These no longer matter; why.
    Clears(&'static [DeadlineKind], &'static str),
    /// What these threatened has happened; what.
    Misses(&'static [DeadlineKind], &'static str),
    /// What these threatened has happened where their date has passed; what.
    Passes(&'static [DeadlineKind], &'static str),
    /// The object is no longer the account's; why.
    Leaves(&'static str),
    /// Words about these that take more than a row to make: about other objects, or with something to note.
    Tells(&'static [DeadlineKind], Make),
}

/// Makes words of what was heard, by the calendar of the registry's zone.
pub type Make = fn(&Heard<'_>, &TimeZone) -> Vec<Word>;

impl Then {
    /// The kinds it speaks of by name; leaving ends all of them.
    #[must_use]
    pub fn kinds(&self) -> Vec<DeadlineKind> {
        match *self {
            Self::Starts(kind, _) | Self::Since(kind, ..) | Self::Follows(kind, ..) => vec![kind],
            Self::Meets(kinds)
            | Self::Shows(kinds)
            | Self::Clears(kinds, _)
            | Self::Misses(kinds, _)
            | Self::Passes(kinds, _)
            | Self::Tells(kinds, _) => kinds.to_vec(),
            Self::Leaves(_) => Vec::new(),
        }
    }
}

/// A row of a registry's table.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// What happened.
    pub on: On,
    /// Only if this holds as well.
    pub only: Option<fn(&Heard<'_>) -> bool>,
    /// What it means.
    pub then: Then,
    /// Where that is written.
    pub source: &'static str,
}

/// A row that always counts.
#[must_use]
pub const fn rule(on: On, then: Then, source: &'static str) -> Rule {
    Rule { on, only: None, then, source }
}

/// A row that counts only under a condition.
#[must_use]
pub const fn rule_if(on: On, only: fn(&Heard<'_>) -> bool, then: Then, source: &'static str) -> Rule {
    Rule { on, only: Some(only), then, source }
}

/// An answer or a message, as far as the calendar is concerned.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    /// Whose.
    pub account: &'a str,
    /// What it is about.
    pub object: &'a ObjectKey,
    /// What happened.
    pub what: On,
    /// The parameters of the order; empty for a message.
    pub params: &'a Map<String, Value>,
    /// All the registry said, with the names it uses.
    pub data: &'a Value,
    /// The code that decided about the answer.
    pub code: Option<&'a str>,
    /// The dates it named.
    pub named: &'a [Deadline],
    /// When.
    pub at: Timestamp,
    /// Where from: the job or the message.
    pub evidence: &'a str,
}

impl Heard<'_> {
    /// A word about its object.
    #[must_use]
    pub fn word(&self, says: Says, basis: Basis) -> Word {
        Word {
            account: self.account.to_owned(),
            object: self.object.clone(),
            says,
            basis,
            evidence: self.evidence.to_owned(),
            at: self.at,
            note: Map::new(),
        }
    }

    /// Whether a parameter is stated, and neither `false` nor empty.
    #[must_use]
    pub fn states(&self, param: &str) -> bool {
        self.params.get(param).is_some_and(|value| !matches!(value, Value::Null | Value::Bool(false)) && value != "")
    }

    /// The instant at a place of what the registry said, written by RFC 3339.
    #[must_use]
    pub fn instant(&self, place: &str) -> Option<Timestamp> {
        self.data.pointer(place)?.as_str()?.parse().ok()
    }

    /// The text at a place of what the registry said.
    #[must_use]
    pub fn text(&self, place: &str) -> Option<&str> {
        self.data.pointer(place)?.as_str().map(str::trim).filter(|text| !text.is_empty())
    }

    /// Whether it named a date of this kind.
    #[must_use]
    pub fn names(&self, kind: DeadlineKind) -> bool {
        self.named(kind).is_some()
    }

    const fn said_by(&self) -> Basis {
        match self.what {
            On::Told(_) => Basis::Message,
            _ => Basis::Answer,
        }
    }

    /// The same about another object.
    #[must_use]
    pub fn word_on(&self, object: ObjectKey, says: Says, basis: Basis) -> Word {
        Word { object, ..self.word(says, basis) }
    }

    /// The date of this kind that was named.
    #[must_use]
    pub fn named(&self, kind: DeadlineKind) -> Option<Timestamp> {
        self.named.iter().find(|deadline| deadline.kind == kind).map(|deadline| deadline.due)
    }
}

/// What was heard means this for the calendar, by the rows of `rules` and the dates that were named. What ends comes before
/// what begins: a renewal meets the old date and names the new one.
#[must_use]
pub fn words(rules: &[Rule], zone: &TimeZone, heard: &Heard<'_>) -> Vec<Word> {
    let counts = |rule: &&Rule| rule.on == On::Anything || rule.on == heard.what;
    let rows = || rules.iter().filter(counts).filter(|rule| rule.only.is_none_or(|only| only(heard)));
    let ends = rows().flat_map(|rule| ended_by(rule, heard));
    let named = heard
        .named
        .iter()
        .map(|deadline| heard.word(Says::Due { kind: deadline.kind, due: deadline.due }, heard.said_by()));
    let begins = rows().flat_map(|rule| begun_by(rule, zone, heard));
    ends.chain(named).chain(begins).collect()
}

fn ended_by(rule: &Rule, heard: &Heard<'_>) -> Vec<Word> {
    let by = heard.said_by();
    match rule.then {
        Then::Meets(kinds) => {
            let why = happened(heard.what);
            kinds.iter().map(|kind| heard.word(Says::Met { kind: *kind, why: why.clone() }, by)).collect()
        }
        Then::Shows(kinds) => {
            let absent = kinds.iter().filter(|kind| heard.named(**kind).is_none());
            absent.map(|kind| heard.word(Says::Absent { kind: *kind }, by)).collect()
        }
        Then::Clears(kinds, why) => {
            kinds.iter().map(|kind| heard.word(Says::Cleared { kind: *kind, why: why.into() }, by)).collect()
        }
        Then::Misses(kinds, why) => {
            kinds.iter().map(|kind| heard.word(Says::Missed { kind: *kind, why: why.into() }, by)).collect()
        }
        Then::Passes(kinds, why) => {
            kinds.iter().map(|kind| heard.word(Says::Passed { kind: *kind, why: why.into() }, by)).collect()
        }
        Then::Leaves(why) => vec![heard.word(Says::Gone { why: why.into() }, by)],
        Then::Starts(..) | Then::Since(..) | Then::Follows(..) | Then::Tells(..) => Vec::new(),
    }
}

fn begun_by(rule: &Rule, zone: &TimeZone, heard: &Heard<'_>) -> Vec<Word> {
    let due = |kind, from: Option<Timestamp>, span: Span| {
        let due = span.after(from.filter(|_| heard.named(kind).is_none())?, zone);
        Some(heard.word(Says::Due { kind, due }, Basis::Rule))
    };
    let mut words = match rule.then {
        Then::Starts(kind, span) => due(kind, Some(heard.at), span).into_iter().collect(),
        Then::Since(kind, place, span) => {
            due(kind, Some(heard.instant(place).unwrap_or(heard.at)), span).into_iter().collect()
        }
        Then::Follows(kind, named, span) => due(kind, heard.named(named), span).into_iter().collect(),
        Then::Tells(_, make) => make(heard, zone),
        _ => Vec::new(),
    };
    for word in words.iter_mut().filter(|word| word.basis == Basis::Rule) {
        word.note.insert("rule".into(), rule.source.into());
    }
    words
}

fn happened(what: On) -> String {
    match what {
        On::Done(operation) => format!("{operation} was carried out"),
        On::Taken(operation) => format!("{operation} was taken"),
        On::Refused(operation) => format!("{operation} was refused"),
        On::Told(kind) => format!("the registry's message {kind}"),
        On::Foreign(operation) => format!("{operation} was answered about somebody else's"),
        On::ByHand(operation) => format!("{operation} is taken from people only"),
        On::GaveUp => "an order was given up".into(),
        On::Settled => "an order was settled".into(),
        On::Anything => "the registry says so".to_owned(),
    }
}
