//! What keeps a job from starting that lies in the job itself, in other jobs, or in what an operator has paused.

use jiff::Timestamp;

use super::{Kind, Member, Need, Situation, Told, grouped};
use crate::model::{JobId, State, WaitingFor};
use crate::store::PauseKind;

/// Says what there is to say, or nothing.
pub(super) type Rule = fn(&Situation) -> Option<Told>;

/// In the order of [`Kind`].
pub(super) const RULES: &[(Kind, Rule)] = &[
    (Kind::Over, over),
    (Kind::NeedsAttention, needs_attention),
    (Kind::Running, running),
    (Kind::InDoubt, in_doubt),
    (Kind::Pending, pending),
    (Kind::TooLate, too_late),
    (Kind::Doomed, doomed),
    (Kind::Dependency, dependency),
    (Kind::Predecessor, predecessor),
    (Kind::NotBefore, not_before),
    (Kind::Backoff, backoff),
    (Kind::AfterCooldown, after_cool_down),
    (Kind::AfterQuota, after_quota),
    (Kind::AfterSpacing, after_spacing),
    (Kind::Batch, batch),
    (Kind::Publisher, publisher),
    (Kind::Operation, operation),
    (Kind::Held, held),
    (Kind::NotConfigured, not_configured),
];

fn over(situation: &Situation) -> Option<Told> {
    let job = &situation.job;
    let ended = job.finished_at.unwrap_or(job.updated_at);
    let what = format!("it is {} since {ended}{}", job.state, reason(situation));
    job.state.is_final().then(|| Told::new(what, None, "nothing: its life is over; submit a new job with a new id"))
}

fn needs_attention(situation: &Situation) -> Option<Told> {
    let what = format!("it needs attention since {}{}", situation.job.updated_at, reason(situation));
    let advice =
        format!("look at it, then `registrard jobs retry {0}` or `registrard jobs dismiss {0}`", situation.job.id);
    in_state(situation, State::NeedsAttention).then(|| Told::new(what, None, advice))
}

fn running(situation: &Situation) -> Option<Told> {
    let job = &situation.job;
    let what =
        format!("attempt {} of it is at work since {}; the registry's answer comes next", job.attempt, job.updated_at);
    let advice = "wait; if its daemon dies, whoever takes the account over has the registry asked";
    in_state(situation, State::Running).then(|| Told::new(what, None, advice))
}

fn in_doubt(situation: &Situation) -> Option<Told> {
    let job = &situation.job;
    let what = format!(
        "attempt {} was perhaps carried out (since {}); the registry was asked {} time(s), and is asked again {}{}",
        job.attempt,
        job.updated_at,
        job.asked,
        when(job.due_at, situation.now),
        reason(situation)
    );
    in_state(situation, State::InDoubt)
        .then(|| Told::new(what, None, "wait: it is sent again only if nothing of it is found"))
}

fn pending(situation: &Situation) -> Option<Told> {
    let job = &situation.job;
    let what = format!(
        "the registry has taken it and works on it since {}; a message ends it, or it is asked about {}{}",
        job.updated_at,
        when(job.due_at, situation.now),
        reason(situation)
    );
    in_state(situation, State::Pending).then(|| Told::new(what, None, "wait: the registry's message ends it"))
}

fn too_late(situation: &Situation) -> Option<Told> {
    let job = &situation.job;
    let latest = job.start_by.filter(|latest| waits(situation) && !job.lost && *latest <= situation.now)?;
    let what = format!("it had to start by {latest}; it expires with the next look at such jobs");
    Some(Told::new(what, None, "submit it anew with a new id and a later `start_by`"))
}

fn doomed(situation: &Situation) -> Option<Told> {
    let is_lost = |need: &&Need| need.must_succeed && need.state.is_some_and(|s| s.is_final() && s != State::Succeeded);
    let what = format!("{}, and it must succeed first", listed(situation, is_lost)?);
    Some(Told::new(what, None, "nothing: it will be cancelled within seconds; submit both anew"))
}

fn dependency(situation: &Situation) -> Option<Told> {
    let is_open = |need: &&Need| need.must_succeed && !need.state.is_some_and(State::is_final);
    let first = situation.needs.iter().find(is_open)?;
    let what = format!("{}, which must succeed first", listed(situation, is_open)?);
    Some(Told::new(what, None, settle(first)))
}

fn predecessor(situation: &Situation) -> Option<Told> {
    let is_before = |need: &&Need| !need.must_succeed;
    let first = situation.needs.iter().find(is_before)?;
    let what = format!("{}, which comes before it on {}", listed(situation, is_before)?, situation.job.object);
    Some(Told::new(what, None, settle(first)))
}

fn not_before(situation: &Situation) -> Option<Told> {
    use WaitingFor::{Dependency, Paused, Predecessor, Time, Turn};
    let due = due_later(situation, &[Time, Turn, Dependency, Predecessor, Paused])?;
    let what = format!("it may not start before {due}, as its publisher wished");
    Some(Told::new(what, due, format!("wait; or {}, and have it submitted anew", cancel(situation.job.id))))
}

fn backoff(situation: &Situation) -> Option<Told> {
    let due = due_later(situation, &[WaitingFor::Backoff])?;
    let job = &situation.job;
    let (spent, all) = (job.spent, job.max_attempts);
    let what = format!("it is tried again {due} ({spent} of {all} attempts are used up){}", reason(situation));
    Some(Told::new(what, due, format!("wait; or {}", cancel(job.id))))
}

fn after_cool_down(situation: &Situation) -> Option<Told> {
    let due = due_later(situation, &[WaitingFor::Cooldown])?;
    let what = format!("it was put off until {due}, the end of a cool-down of its account{}", reason(situation));
    Some(Told::new(what, due, "wait: sending would prolong the block"))
}

fn after_quota(situation: &Situation) -> Option<Told> {
    let due = due_later(situation, &[WaitingFor::Quota])?;
    let what = format!("it was put off until {due}, when the registry has points again{}", reason(situation));
    Some(Told::new(what, due, "wait for the registry's next day"))
}

fn after_spacing(situation: &Situation) -> Option<Told> {
    let due = due_later(situation, &[WaitingFor::Spacing])?;
    let what = format!("{} was worked on a moment ago; its next request may go out {due}", situation.job.object);
    Some(Told::new(what, due, "wait: the registry wants a distance between requests on one object"))
}

fn batch(situation: &Situation) -> Option<Told> {
    paused(situation, PauseKind::Batch, "batch", |name| format!("`registrard batches resume {name}`"))
}

fn publisher(situation: &Situation) -> Option<Told> {
    paused(situation, PauseKind::Publisher, "publisher", |name| {
        format!("`registrard accounts resume --publisher {name}`")
    })
}

fn operation(situation: &Situation) -> Option<Told> {
    paused(situation, PauseKind::Operation, "operation", |name| {
        format!("`registrard accounts resume --operation {name}`")
    })
}

fn held(situation: &Situation) -> Option<Told> {
    let job = &situation.job;
    let is_held = waits(situation) && job.waiting_for == WaitingFor::Paused;
    let is_over = !situation.pauses.iter().any(|pause| pause.holds(job));
    let what = "what had paused it is over; a daemon puts it back in line within seconds";
    (is_held && is_over).then(|| Told::new(what, None, "wait; if that lasts, see that a daemon is at work"))
}

fn not_configured(situation: &Situation) -> Option<Told> {
    let job = &situation.job;
    let nobody = situation.posts.is_empty() && !job.state.is_final();
    let what = format!("the configuration has no account and no pool {}", job.queue);
    let advice = format!("configure it and restart the daemon; or {}", cancel(job.id));
    nobody.then(|| Told::new(what, None, advice))
}

/// Of several accounts none may send.
pub(super) fn nobody(members: &[Member]) -> Option<Told> {
    if members.is_empty() || members.iter().any(|member| member.blockers.is_empty()) {
        return None;
    }
    let free_at = |member: &Member| {
        member.blockers.iter().try_fold(Timestamp::MIN, |latest, blocker| blocker.until.map(|until| until.max(latest)))
    };
    let first = members.iter().filter_map(free_at).min();
    let count = members.len();
    Some(Told::new(
        format!("none of the {count} accounts of its pool may send"),
        first,
        "free one of them, as told below",
    ))
}

/// Who comes first.
pub(super) fn ahead(situation: &Situation) -> Option<Told> {
    let (job, ahead) = (&situation.job, &situation.ahead);
    let is_ripe = situation.needs.is_empty() && job.due_at <= situation.now && job.waiting_for != WaitingFor::Paused;
    let in_class = ahead.same_publisher + ahead.other_publishers;
    if !is_ripe || in_class + ahead.more_urgent == 0 {
        return None;
    }
    let mut parts = Vec::new();
    if ahead.more_urgent > 0 {
        parts.push(format!("{} more urgent jobs ahead", grouped(ahead.more_urgent)));
    }
    if in_class > 0 {
        parts.push(format!("{} jobs ahead in class {}", grouped(in_class), job.class.word()));
    }
    if ahead.other_publishers > 0 {
        parts
            .push(format!("{} of them of other publishers, which take turns with it", grouped(ahead.other_publishers)));
    }
    let advice = "wait; what is really urgent is submitted with class `urgent`";
    Some(Told::new(parts.join("; "), situation.turn, advice))
}

fn waits(situation: &Situation) -> bool {
    in_state(situation, State::Waiting)
}

fn in_state(situation: &Situation, state: State) -> bool {
    situation.job.state == state
}

/// When it falls due, if that is later, and one of these is why.
fn due_later(situation: &Situation, because: &[WaitingFor]) -> Option<Timestamp> {
    let job = &situation.job;
    let later = waits(situation) && job.due_at > situation.now && because.contains(&job.waiting_for);
    later.then_some(job.due_at)
}

fn paused(situation: &Situation, kind: PauseKind, word: &str, end: fn(&str) -> String) -> Option<Told> {
    let holds = |pause: &&crate::store::Pause| pause.kind == kind && pause.holds(&situation.job);
    let pause = situation.pauses.iter().find(holds).filter(|_| waits(situation))?;
    let what = format!("its {word} {} is paused since {}: {}", pause.name, pause.since, pause.reason);
    Some(Told::new(what, None, end(&pause.name)))
}

/// Names the first of those it waits for, and how many more there are.
fn listed(situation: &Situation, which: impl Fn(&&Need) -> bool) -> Option<String> {
    let needs: Vec<&Need> = situation.needs.iter().filter(|need| waits(situation) && which(need)).collect();
    let first = needs.first()?;
    let state = first.state.map_or("not known yet", State::word);
    let more = needs.len() - 1;
    let others = if more > 0 { format!(" (and {} more)", grouped(more as u64)) } else { String::new() };
    Some(format!("it waits for job {}, {state}{others}", first.job))
}

/// What can be done about a job that others wait for.
fn settle(need: &Need) -> String {
    match need.state {
        None => "submit that job, if it is missing".into(),
        Some(State::NeedsAttention) => format!("settle that one first: `registrard jobs show {}`", need.job),
        Some(_) => format!("see what keeps that one: `registrard jobs explain {}`", need.job),
    }
}

fn cancel(id: JobId) -> String {
    format!("`registrard jobs cancel {id}`")
}

/// `: because …`, if there is a reason.
fn reason(situation: &Situation) -> String {
    situation.job.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"))
}

fn when(at: Timestamp, now: Timestamp) -> String {
    if at <= now { "now".into() } else { format!("at {at}") }
}
