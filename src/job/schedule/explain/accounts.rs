//! What keeps an account from sending a job's request.

use jiff::{SignedDuration, Timestamp};

use super::{Kind, Part, Post, Situation, Told, asks, grouped, local, parts};
use crate::model::{Class, Limits};
use crate::store::PauseKind;

/// After so long a timetable has been through all its figures, even one that a change of clocks left out on one day.
const TIMETABLE: SignedDuration = SignedDuration::from_hours(3 * 24);
/// Changes of a timetable looked at, whatever its window is.
const MOST_CHANGES: usize = 500;

/// One thing that may keep an account still.
pub(super) struct Rule {
    pub(super) kind: Kind,
    /// Whether it keeps questions about lost requests and pending orders back as well.
    pub(super) holds_questions: bool,
    pub(super) tell: fn(&Situation, &Post) -> Option<Told>,
}

/// In the order of [`Kind`].
pub(super) const RULES: &[Rule] = &[
    Rule { kind: Kind::Account, holds_questions: true, tell: account_paused },
    Rule { kind: Kind::Registry, holds_questions: true, tell: registry_paused },
    Rule { kind: Kind::Suspended, holds_questions: true, tell: suspended },
    Rule { kind: Kind::Funds, holds_questions: false, tell: funds },
    Rule { kind: Kind::NoDaemon, holds_questions: true, tell: no_daemon },
    Rule { kind: Kind::NoSession, holds_questions: true, tell: no_session },
    Rule { kind: Kind::Cooldown, holds_questions: true, tell: cool_down },
    Rule { kind: Kind::Quiet, holds_questions: false, tell: quiet },
    Rule { kind: Kind::Quota, holds_questions: true, tell: quota },
    Rule { kind: Kind::Spacing, holds_questions: false, tell: spacing },
    Rule { kind: Kind::Window, holds_questions: true, tell: window },
];

fn account_paused(situation: &Situation, post: &Post) -> Option<Told> {
    let name = &post.account;
    paused(situation, post, PauseKind::Account, format!("`registrard accounts resume {name}`"))
}

fn registry_paused(situation: &Situation, post: &Post) -> Option<Told> {
    let name = &post.registry;
    paused(situation, post, PauseKind::Registry, format!("`registrard accounts resume --registry {name}`"))
}

fn paused(situation: &Situation, post: &Post, kind: PauseKind, advice: String) -> Option<Told> {
    let pause = situation.pauses.iter().find(|pause| pause.kind == kind && post.is_held_by(pause))?;
    let what = format!("{} {} is paused since {}: {}", kind.word(), pause.name, pause.since, pause.reason);
    Some(Told::new(what, None, advice))
}

fn suspended(_: &Situation, post: &Post) -> Option<Told> {
    let why = post.state.suspended.as_ref()?;
    let since = post.state.suspended_at.map_or_else(String::new, |at| format!(" since {at}"));
    let what = format!("account {} is suspended{since}: {why}", post.account);
    let advice = format!("put its cause right, then `registrard accounts resume {}`", post.account);
    Some(Told::new(what, None, advice))
}

fn funds(situation: &Situation, post: &Post) -> Option<Told> {
    let pause = post.want_of_money(situation)?;
    let what = format!("account {} has no money since {}: {}", post.account, pause.since, pause.reason);
    let advice =
        format!("pay in at the registry; `registrard accounts resume {}` lets one order try at once", post.account);
    Some(Told::new(what, None, advice))
}

fn no_daemon(_: &Situation, post: &Post) -> Option<Told> {
    if post.owner.is_some() {
        return None;
    }
    let what = format!("no daemon works account {} ({} at work)", post.account, daemons(post.daemons));
    let advice = match post.daemons {
        0 => "start the daemon: `systemctl start registrard`".to_owned(),
        _ => "wait: it is taken over within seconds; if not, see that a daemon has it in its configuration".to_owned(),
    };
    Some(Told::new(what, None, advice))
}

fn daemons(count: usize) -> String {
    match count {
        0 => "no daemon is".into(),
        1 => "1 daemon is".into(),
        _ => format!("{count} daemons are"),
    }
}

fn no_session(situation: &Situation, post: &Post) -> Option<Told> {
    let why = post.state.trouble.as_ref()?;
    let since = post.state.trouble_since.map_or_else(String::new, |at| format!(" since {at}"));
    let mut what = format!("account {} has no session{since}: {why}", post.account);
    let again = logins_from(post, situation.now);
    if let (Some(budget), Some(again)) = (post.limits.logins, again) {
        let tried: u64 = post.logins.iter().map(|(_, count)| u64::from(*count)).sum();
        let (count, within) = (grouped(budget.count), budget.within.as_secs());
        what += &format!("; {} of {count} logins within {within} s were tried, the next one {again}", grouped(tried));
    }
    Some(Told::new(what, again, "see that the registry can be reached from here; it is tried again and again"))
}

/// When the next login may be tried, if the budget is used up.
fn logins_from(post: &Post, now: Timestamp) -> Option<Timestamp> {
    let budget = post.limits.logins?;
    let reach = SignedDuration::try_from(budget.within).ok()? + SignedDuration::from_secs(60);
    // A minute counts to its end.
    let ends = |(minute, count): &(Timestamp, u32)| Some((minute.checked_add(reach).ok()?, *count));
    let mut counting: Vec<(Timestamp, u32)> =
        post.logins.iter().filter_map(ends).filter(|(end, _)| *end > now).collect();
    counting.sort_unstable();
    let mut left: u64 = counting.iter().map(|(_, count)| u64::from(*count)).sum();
    if left < u64::from(budget.count) {
        return None;
    }
    let room = |(_, count): &&(Timestamp, u32)| {
        left -= u64::from(*count);
        left < u64::from(budget.count)
    };
    counting.iter().find(room).map(|(end, _)| *end)
}

fn cool_down(situation: &Situation, post: &Post) -> Option<Told> {
    let until = post.state.cooldown_until.filter(|until| *until > situation.now)?;
    let why = post.state.cooldown_reason.as_deref().unwrap_or("the registry wants silence");
    let what = format!("account {} is silent until {until}: {why}", post.account);
    Some(Told::new(what, until, "wait: sending would prolong the block; see that nobody else uses the account"))
}

fn quiet(situation: &Situation, post: &Post) -> Option<Told> {
    let class = situation.job.class;
    let until = post.limits.quiet_until(class, situation.now)?;
    let what =
        format!("a quiet window of {} holds {} jobs until {}", post.account, class.word(), local(until, &post.limits));
    Some(Told::new(what, until, "wait; what cannot wait is submitted with a more urgent class"))
}

fn quota(situation: &Situation, post: &Post) -> Option<Told> {
    let Situation { now, job, .. } = situation;
    let (limits, quota) = (&*post.limits, &post.quota);
    let until = post.points_until(job, *now)?;
    let (all, limit) = (limits.quota?, parts(job).1.limit(limits));
    let (account, used) = (&post.account, grouped(quota.used));
    let (resets, again) = (local(limits.next_day(*now), limits), local(until, limits));
    let refused = quota.exhausted_until.is_some_and(|until| until > *now);
    let what = if quota.used >= limit && limit == all {
        format!("quota of {account}: {used} of {} used, resets {resets}", grouped(all))
    } else if quota.used >= limit {
        format!(
            "quota of {account}: {used} used of the {} points that {} may use ({}), resets {resets}",
            grouped(limit),
            if asks(job) { "questions about it".into() } else { format!("{} jobs", job.class.word()) },
            kept(limits, all)
        )
    } else if refused {
        format!(
            "quota of {account}: used up, says the registry ({used} of {} by our count), again {again}",
            grouped(all)
        )
    } else {
        format!("quota of {account}: yesterday's was used up, and today's begins {again} to be on the safe side")
    };
    let advice = match job.class {
        _ if asks(job) => "wait: it is asked about as soon as there are points for it",
        Class::Urgent => "wait; or submit for another account",
        Class::Normal | Class::Bulk => {
            "wait; what cannot wait is submitted with class `urgent`, or for another account"
        }
    };
    Some(Told::new(what, until, advice))
}

/// `50,000 in all; 2,500 are kept for urgent jobs, 500 for deadlines`.
fn kept(limits: &Limits, all: u64) -> String {
    let (urgent, deadlines) = (limits.urgent_quota.of(all), limits.deadline_quota.of(all));
    let mut text = format!("{} in all", grouped(all));
    if urgent > 0 {
        text += &format!("; {} are kept for urgent jobs", grouped(urgent));
    }
    if deadlines > 0 {
        text += &format!("; {} are kept for deadlines", grouped(deadlines));
    }
    text
}

fn spacing(situation: &Situation, post: &Post) -> Option<Told> {
    let spacing = SignedDuration::try_from(post.limits.spacing).ok().filter(|spacing| !spacing.is_zero())?;
    let last = situation.last_on_object?.min(situation.now);
    let until = last.checked_add(spacing).ok().filter(|until| *until > situation.now)?;
    let what = format!(
        "{} was worked on at {last}; {} s must lie between two requests on it",
        situation.job.object,
        spacing.as_secs()
    );
    Some(Told::new(what, until, "wait"))
}

fn window(situation: &Situation, post: &Post) -> Option<Told> {
    let (now, limits) = (situation.now, &*post.limits);
    let (part, _) = parts(&situation.job);
    let (sends, allowed) = (post.sends(now), part.capacity(limits, now));
    if sends < allowed {
        return None;
    }
    let all = limits.requests_now(now);
    let what = format!(
        "the window of {} is full: {} of {} sends in {} s{}",
        post.account,
        grouped(sends),
        grouped(allowed),
        limits.window.as_secs(),
        if allowed < all {
            format!(" (of {}; the others are kept for urgent jobs and LOGOUTs)", grouped(all))
        } else {
            String::new()
        }
    );
    Some(Told::new(what, room_from(post, part, now), "wait: slots come back by themselves"))
}

/// When enough slots have come back, or more are allowed. Those of a block that is still open come back nobody knows when.
fn room_from(post: &Post, part: Part, now: Timestamp) -> Option<Timestamp> {
    let limits = &*post.limits;
    let returns = post.blocks.iter().filter_map(|block| post.returns(block)).filter(|at| *at > now);
    // By then all are back that are going to be, and the timetable has said all it has to say.
    let end = now.checked_add(SignedDuration::try_from(limits.window).ok()? + TIMETABLE).ok()?;
    let changes = std::iter::successors(limits.requests_change(now), |at| limits.requests_change(*at));
    let changes = changes.take_while(|at| *at <= end).take(MOST_CHANGES);
    let mut instants: Vec<Timestamp> = returns.chain(changes).collect();
    instants.sort_unstable();
    instants.into_iter().find(|at| post.sends(*at) < part.capacity(limits, *at))
}
