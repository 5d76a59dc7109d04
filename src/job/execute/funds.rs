//! Whether an account's money lasts. When an order was refused for want of it, what costs money waits as a whole: a pause in the
//! store holds those jobs at no cost, everything else goes on. From time to time it is seen whether somebody has paid in: the
//! registry is asked where it can say, else the pause is lifted for a try. A try is one order alone; when it is carried out all go
//! on, and when it is refused everything waits again, for longer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Account;
use crate::model::Event;
use crate::model::retry::Policy;
use crate::registries::Line;
use crate::store::{Pause, PauseKind};

/// How often it is looked whether something has to be done.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The money of one account, as far as one daemon knows.
#[derive(Debug, Default)]
pub struct Funds(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    state: State,
    /// Counts changes made here: what was read from the store before one of them says nothing about it.
    generation: u64,
    /// Tries that came to nothing, or questions after which it was no better.
    tries: u32,
    /// When the next may be made.
    next: Option<Instant>,
    /// What the registry said there is, the least since it was short.
    seen: Option<i64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum State {
    /// As far as is known.
    #[default]
    Enough,
    /// An order was refused for want of it, at this instant; the store does not know yet.
    Unwritten(String, Timestamp),
    /// The store knows. `inherited`: another daemon heard it, and what there was then is not known here.
    Short { inherited: bool },
    /// One order may find out; whether it is on its way.
    Trying { out: bool },
}

impl Funds {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nothing that costs money may be sent.
    #[must_use]
    pub fn is_short(&self) -> bool {
        matches!(self.lock().state, State::Unwritten(..) | State::Short { .. })
    }

    /// How many orders that cost money may be begun now.
    #[must_use]
    pub fn room(&self) -> usize {
        match self.lock().state {
            State::Enough => usize::MAX,
            State::Trying { out: false } => 1,
            State::Trying { out: true } | State::Unwritten(..) | State::Short { .. } => 0,
        }
    }

    /// An order that costs money was begun.
    pub fn begun(&self) {
        let mut inner = self.lock();
        if inner.state == (State::Trying { out: false }) {
            inner.state = State::Trying { out: true };
        }
    }

    /// It was carried out, or taken.
    pub fn paid(&self) {
        let mut inner = self.lock();
        if matches!(inner.state, State::Trying { .. }) {
            *inner = Inner { generation: inner.generation + 1, ..Inner::default() };
        }
    }

    /// It is over, however it ended: another one may try.
    pub fn over(&self) {
        let mut inner = self.lock();
        if inner.state == (State::Trying { out: true }) {
            inner.state = State::Trying { out: false };
        }
    }

    /// It was refused for want of money; the store is still to be told.
    pub fn ran_out(&self, why: &str, now: Timestamp) {
        let mut inner = self.lock();
        if matches!(inner.state, State::Enough | State::Trying { .. }) {
            inner.state = State::Unwritten(why.to_owned(), now);
            inner.generation += 1;
            inner.seen = None;
            inner.next = None;
        }
    }

    /// What the store has yet to be told.
    #[must_use]
    pub fn unwritten(&self) -> Option<(String, Timestamp)> {
        match &self.lock().state {
            State::Unwritten(why, at) => Some((why.clone(), *at)),
            _ => None,
        }
    }

    /// The store was told.
    pub fn written(&self) {
        let mut inner = self.lock();
        if matches!(inner.state, State::Unwritten(..)) {
            inner.generation += 1;
            inner.state = State::Short { inherited: false };
        }
    }

    /// To be taken before the store is asked, and handed to [`Funds::learn`].
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.lock().generation
    }

    /// Takes in whether the store has the pause, asked in this `generation`; says whether it is short now. A pause that
    /// somebody ended lets one order try.
    pub fn learn(&self, is_paused: bool, generation: u64) -> bool {
        let mut inner = self.lock();
        if inner.generation == generation {
            inner.state = match (&inner.state, is_paused) {
                (State::Enough | State::Trying { .. }, true) => State::Short { inherited: true },
                (State::Short { .. }, false) => State::Trying { out: false },
                (state, _) => state.clone(),
            };
        }
        !matches!(inner.state, State::Enough | State::Trying { .. })
    }

    /// Whether it is time to see how it stands. Right after it ran out, too, where the registry can say: what it says then is
    /// what a payment is measured by.
    fn is_due(&self, can_ask: bool, policy: &Policy) -> bool {
        let mut inner = self.lock();
        if !matches!(inner.state, State::Short { .. }) {
            return false;
        }
        let now = Instant::now();
        if inner.next.is_none() && !can_ask {
            inner.next = Some(now + policy.backoff.wait(inner.tries, rand::random()));
        }
        inner.next.is_none_or(|next| now >= next)
    }

    /// Takes in what there is, if the registry said so; says whether an order may try. Where it cannot say, the try is how to
    /// find out.
    fn seen(&self, has: Option<i64>, can_ask: bool, policy: &Policy) -> bool {
        let mut inner = self.lock();
        inner.next = Some(Instant::now() + policy.backoff.wait(inner.tries, rand::random()));
        inner.tries = inner.tries.saturating_add(1);
        let inherited = inner.state == (State::Short { inherited: true });
        let Some(has) = has else { return !can_ask };
        let is_more = inner.seen.map_or(inherited, |seen| has > seen);
        inner.seen = Some(inner.seen.map_or(has, |seen| seen.min(has)));
        is_more
    }
}

impl Account {
    /// Takes in that an order was refused for want of money.
    pub async fn run_out_of_funds(&self, why: &str) {
        self.funds.ran_out(why, self.clock.now());
        self.write_shortage().await;
    }

    /// Tells the store of a shortage that it does not know of yet.
    async fn write_shortage(&self) {
        let Some((why, at)) = self.funds.unwritten() else { return };
        let name = self.name.as_str();
        let reason = format!(
            "{why}; pay in at the registry, and all of it goes on by itself; `registrard accounts resume {name}` lets one order \
             try at once"
        );
        let pause = Pause { kind: PauseKind::Funds, name: name.to_owned(), reason: reason.clone(), since: at };
        let event = Event::of_pause(PauseKind::Funds.word(), name, "paused", &reason, at);
        match self.store.pause(&pause, &event).await {
            Ok(_) => {
                self.funds.written();
                self.observer.out_of_funds(name, true);
                tracing::error!(account = name, "nothing that costs money is sent: {reason}");
            }
            Err(error) => tracing::error!(account = name, "the want of money could not be noted yet: {error}"),
        }
    }

    /// One look at how it stands.
    async fn look_after_funds(&self, line: &dyn Line) {
        self.write_shortage().await;
        let question = self.registry.dialect().asks_for_funds();
        let can_ask = question.is_some();
        if !self.funds.is_due(can_ask, &self.policy) || !self.may_send() {
            return;
        }
        let has = match question {
            None => None,
            Some(question) => match line.ask(question).await {
                Ok(answer) => self.registry.dialect().funds(&answer),
                Err(why) => {
                    tracing::warn!(account = self.name, "it could not be asked how much money there is: {why}");
                    None
                }
            },
        };
        if !self.funds.seen(has, can_ask, &self.policy) {
            return;
        }
        let why = if can_ask { "money was paid in" } else { "one order tries whether money was paid in" };
        let event = Event::of_pause(PauseKind::Funds.word(), &self.name, "resumed", why, self.clock.now());
        match self.store.end_pause(PauseKind::Funds, &self.name, &event).await {
            Ok(_) => {
                tracing::info!(account = self.name, "{why}");
                self.hint.notify_one();
            }
            Err(error) => {
                tracing::warn!(account = self.name, "the pause for want of money could not be ended: {error}")
            }
        }
    }
}

/// Looks after the money of an account until told to leave.
pub(in crate::job) async fn watch(account: Arc<Account>, line: Arc<dyn Line>, leave: CancellationToken) {
    loop {
        tokio::select! {
            () = leave.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        tokio::select! {
            () = leave.cancelled() => return,
            () = account.look_after_funds(&*line) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn short() -> Funds {
        let funds = Funds::default();
        funds.ran_out("440", NOW);
        funds.written();
        funds
    }

    #[test]
    fn what_costs_money_waits_until_one_order_was_carried_out() {
        let funds = Funds::default();
        assert_eq!((funds.room(), funds.is_short()), (usize::MAX, false));
        let before = funds.generation();
        funds.ran_out("440", NOW);
        assert_eq!((funds.room(), funds.unwritten()), (0, Some(("440".into(), NOW))));
        assert!(funds.learn(false, before), "read before it was written");
        funds.written();
        assert!(funds.learn(true, funds.generation()));
        assert!(!funds.learn(false, funds.generation()), "somebody ended the pause");
        assert_eq!(funds.room(), 1);
        funds.begun();
        assert_eq!(funds.room(), 0, "one alone");
        funds.over();
        assert_eq!(funds.room(), 1, "it was not sent after all");
        funds.begun();
        funds.ran_out("440", NOW);
        funds.over();
        assert!(funds.is_short());
        funds.written();
        assert!(!funds.learn(false, funds.generation()));
        funds.begun();
        funds.paid();
        funds.over();
        assert_eq!(funds.room(), usize::MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn a_payment_is_what_makes_it_more() {
        let policy = Policy::default();
        let funds = short();
        assert!(funds.is_due(true, &policy), "what there is now is what a payment is measured by");
        assert!(!funds.seen(Some(500), true, &policy) && !funds.is_due(true, &policy));
        tokio::time::advance(policy.backoff.longest).await;
        assert!(funds.is_due(true, &policy));
        assert!(!funds.seen(Some(300), true, &policy), "less than before");
        assert!(!funds.seen(None, true, &policy), "no answer");
        assert!(funds.seen(Some(301), true, &policy));

        // Where the registry cannot say, an order tries, later and later.
        let funds = short();
        assert!(!funds.is_due(false, &policy));
        tokio::time::advance(policy.backoff.first).await;
        assert!(funds.is_due(false, &policy) && funds.seen(None, false, &policy));

        // Whoever takes the account over does not know what there was.
        let funds = Funds::default();
        assert!(funds.learn(true, funds.generation()));
        assert!(funds.is_due(true, &policy) && funds.seen(Some(500), true, &policy));
    }
}
