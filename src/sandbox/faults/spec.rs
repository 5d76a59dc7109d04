//! Faults as they are asked for: what goes wrong, for which requests, how often; in text and in JSON.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use super::glob;

/// How the text form is written; part of `--help`.
pub const SYNTAX: &str = "\
KIND[=VALUE][:KEY=VALUE[,KEY=VALUE]...]

Kinds: cut_before (close before the effect), cut_after (close after the effect, unanswered), delay=MS (the effect comes
late too), half_frame, garbage, duplicate_answer, wrong_ctid (the effect happens, its answer is damaged), stall (no
effect, never an answer), busy, unavailable, refuse_login (refused, no effect), lie=CODE (answered `failed` with this
code; with effect=yes it is carried out all the same), slow_drip=MS (the effect happens; its answer comes byte by byte, the
last one after so long), tls_alert (a fatal TLS alert ends the connection before the effect; with effect=yes after it),
previous_answer (the effect happens; instead of its own the answer to the session's last request comes), wrong_stid (the
effect happens; its answer names the server's transaction id of the last one), drop_session (the session is forgotten: this
and every later request on its connection has no effect and no answer; with result=not_logged_in it is refused as if nobody
had logged in), refuse_connection (closed as soon as it is accepted), http=STATUS (over HTTPS: a page for people with that
status, 200 included, and no effect; with effect=yes it is carried out all the same; 300 to 399 points to where it came from),
unsigned, bad_signature (the effect happens; the answer of a registry that signs has no signature, or somebody else's).
Keys: p=0..1 (probability), nth=N (only the Nth matching request), every=N, times=N (at most so often),
action=GLOB (domain.create, login, queue.*), object=GLOB (a domain or handle), effect=yes|no (lie, tls_alert, http) and
result=failed|exception (lie) or silence|not_logged_in (drop_session).
A LOGIN has no session yet: previous_answer, wrong_stid and drop_session pass it by. Connections are counted apart from
requests, and only by refuse_connection. The greeting of RRP is met by action=greeting alone.
Examples: cut_after:action=domain.create,p=0.05   busy:nth=7   delay=200:p=0.1   lie=76000000001:result=exception
          tls_alert:effect=yes,nth=3   slow_drip=1500:action=domain.*   drop_session:result=not_logged_in,p=0.01";

/// What a connection that begins is to the faults, and in the ledger if it is refused.
pub(in crate::sandbox) const CONNECT: &str = "connect";

/// What a server's first words are to the faults. Only faults that ask for them by name meet them, so that all others count
/// nothing but requests.
pub(in crate::sandbox) const GREETING: &str = "greeting";

/// Longest injected delay.
const LONGEST_DELAY_MS: u64 = 600_000;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The connection is cut before the request has any effect.
    CutBefore,
    /// The request has its effect, then the connection is cut instead of an answer.
    CutAfter,
    /// The request is worked on this much longer.
    Delay(Duration),
    /// The effect happens; half of the answer's frame is sent, then the connection is cut.
    HalfFrame,
    /// The effect happens; the answer is bytes without meaning.
    Garbage,
    /// Refused as a concurrent write.
    Busy,
    /// Refused because the service is not available.
    Unavailable,
    /// The effect happens; the answer is sent twice.
    DuplicateAnswer,
    /// The effect happens; the answer names another transaction id.
    WrongCtid,
    /// A LOGIN is refused as if the password were wrong, a signed request as if the signature were. Matches nothing else.
    RefuseLogin,
    /// The answer says this code.
    Lie {
        /// The native code.
        code: String,
        /// Whether the request is carried out nevertheless.
        effect: bool,
        /// Whether the result is `exception` rather than `failed`.
        exception: bool,
    },
    /// The request is never answered and has no effect.
    Stall,
    /// The effect happens; the answer comes byte by byte, the last one after so long.
    SlowDrip(Duration),
    /// A fatal TLS alert ends the connection.
    TlsAlert {
        /// Whether the request has its effect before.
        effect: bool,
    },
    /// The effect happens; instead of its answer the one to the session's last request comes. Never a LOGIN.
    PreviousAnswer,
    /// The effect happens; its answer names the server's transaction id of the last one. Never a LOGIN.
    WrongStid,
    /// The session is forgotten while its connection stays: this request and every later one on it has no effect. Never a
    /// LOGIN.
    DropSession {
        /// Whether they are refused as if nobody had logged in, rather than never answered.
        answers: bool,
    },
    /// Over HTTP, a page for people is the answer.
    Http {
        /// The status, 200 to 599.
        status: u16,
        /// Whether the request is carried out nevertheless.
        effect: bool,
    },
    /// The effect happens; the answer of a registry that signs has no signature.
    Unsigned,
    /// The effect happens; the answer of a registry that signs has a signature of another key.
    BadSignature,
    /// A connection is closed as soon as it is accepted. Matches nothing but the beginning of connections.
    RefuseConnection,
}

/// A kind of fault and the requests it befalls.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultSpec {
    /// What goes wrong.
    pub kind: FaultKind,
    /// With this probability; always if none is given.
    pub p: Option<f64>,
    /// Only for this matching request, counted from 1.
    pub nth: Option<u64>,
    /// For every so-many-th matching request.
    pub every: Option<u64>,
    /// At most so often.
    pub times: Option<u64>,
    /// Glob over actions.
    pub action: Option<String>,
    /// Glob over objects.
    pub object: Option<String>,
}

impl FaultSpec {
    /// A fault that befalls every request.
    #[must_use]
    pub fn always(kind: FaultKind) -> Self {
        Self { kind, p: None, nth: None, every: None, times: None, action: None, object: None }
    }

    /// Whether a request is one it may befall.
    pub(super) fn matches(&self, action: &str, object: Option<&str>, logs_in: bool) -> bool {
        let action_fits = self.action.as_deref().is_none_or(|pattern| glob(pattern, action));
        let object_fits = self.object.as_deref().is_none_or(|pattern| object.is_some_and(|name| glob(pattern, name)));
        let kind_fits = match self.kind {
            FaultKind::RefuseConnection => action == CONNECT,
            _ if action == CONNECT => false,
            _ if action == GREETING && self.action.as_deref() != Some(GREETING) => false,
            FaultKind::RefuseLogin => logs_in,
            FaultKind::PreviousAnswer | FaultKind::WrongStid | FaultKind::DropSession { .. } => action != "login",
            _ => true,
        };
        action_fits && object_fits && kind_fits
    }
}

/// The name and the parameters of a fault as given in JSON; the text form is read into the same.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    kind: String,
    ms: Option<u64>,
    code: Option<String>,
    status: Option<u16>,
    p: Option<f64>,
    nth: Option<u64>,
    every: Option<u64>,
    times: Option<u64>,
    action: Option<String>,
    object: Option<String>,
    #[serde(default)]
    effect: bool,
    result: Option<String>,
}

impl Raw {
    fn time(&self) -> Result<Duration, String> {
        let ms = self.ms.filter(|ms| *ms <= LONGEST_DELAY_MS);
        let wrong = || format!("{kind} needs milliseconds, at most {LONGEST_DELAY_MS}: {kind}=200", kind = self.kind);
        ms.map(Duration::from_millis).ok_or_else(wrong)
    }
}

impl FromStr for FaultSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (head, tail) = text.split_once(':').unwrap_or((text, ""));
        let (kind, value) = head.split_once('=').map_or((head, None), |(kind, value)| (kind, Some(value)));
        let mut raw = Raw { kind: kind.trim().to_owned(), ..Raw::default() };
        match (raw.kind.as_str(), value) {
            ("delay" | "slow_drip", Some(ms)) => raw.ms = Some(number(ms)?),
            ("lie", Some(code)) => raw.code = Some(code.to_owned()),
            ("http", Some(status)) => raw.status = status.trim().parse().ok(),
            (_, Some(value)) => return Err(format!("fault `{kind}` takes no value, `{value}` was given")),
            (_, None) => {}
        }
        for pair in tail.split(',').filter(|pair| !pair.trim().is_empty()) {
            let (key, value) = pair.split_once('=').ok_or_else(|| format!("`{pair}` is not KEY=VALUE"))?;
            let value = value.trim();
            match key.trim() {
                "p" => raw.p = Some(value.parse().map_err(|_| format!("`{value}` is not a probability"))?),
                "nth" => raw.nth = Some(number(value)?),
                "every" => raw.every = Some(number(value)?),
                "times" => raw.times = Some(number(value)?),
                "action" => raw.action = Some(value.to_owned()),
                "object" => raw.object = Some(value.to_owned()),
                "effect" => {
                    raw.effect = match value {
                        "yes" => true,
                        "no" => false,
                        other => return Err(format!("an effect is `yes` or `no`, not `{other}`")),
                    }
                }
                "result" => raw.result = Some(value.to_owned()),
                key => return Err(format!("a fault has no `{key}`")),
            }
        }
        raw.try_into()
    }
}

fn number(text: &str) -> Result<u64, String> {
    text.trim().parse().map_err(|_| format!("`{text}` is not a number"))
}

impl TryFrom<Raw> for FaultSpec {
    type Error = String;

    fn try_from(raw: Raw) -> Result<Self, String> {
        let kind = match raw.kind.as_str() {
            "cut_before" => FaultKind::CutBefore,
            "cut_after" => FaultKind::CutAfter,
            "delay" => FaultKind::Delay(raw.time()?),
            "slow_drip" => FaultKind::SlowDrip(raw.time()?),
            "half_frame" => FaultKind::HalfFrame,
            "garbage" => FaultKind::Garbage,
            "busy" => FaultKind::Busy,
            "unavailable" => FaultKind::Unavailable,
            "duplicate_answer" => FaultKind::DuplicateAnswer,
            "wrong_ctid" => FaultKind::WrongCtid,
            "refuse_login" => FaultKind::RefuseLogin,
            "lie" => FaultKind::Lie {
                code: raw.code.filter(|code| !code.is_empty()).ok_or("a lie needs a code: lie=63310062004")?,
                effect: raw.effect,
                exception: match raw.result.as_deref() {
                    None | Some("failed") => false,
                    Some("exception") => true,
                    Some(other) => return Err(format!("a result is `failed` or `exception`, not `{other}`")),
                },
            },
            "http" => FaultKind::Http {
                status: raw
                    .status
                    .filter(|status| (200..600).contains(status))
                    .ok_or("http needs a status: http=503")?,
                effect: raw.effect,
            },
            "stall" => FaultKind::Stall,
            "tls_alert" => FaultKind::TlsAlert { effect: raw.effect },
            "previous_answer" => FaultKind::PreviousAnswer,
            "wrong_stid" => FaultKind::WrongStid,
            "drop_session" => FaultKind::DropSession {
                answers: match raw.result.as_deref() {
                    None | Some("silence") => false,
                    Some("not_logged_in") => true,
                    Some(other) => return Err(format!("a result is `silence` or `not_logged_in`, not `{other}`")),
                },
            },
            "refuse_connection" => FaultKind::RefuseConnection,
            "unsigned" => FaultKind::Unsigned,
            "bad_signature" => FaultKind::BadSignature,
            other => return Err(format!("there is no fault `{other}`")),
        };
        if raw.p.is_some_and(|p| !(0.0..=1.0).contains(&p)) {
            return Err("a probability lies between 0 and 1".into());
        }
        if raw.nth == Some(0) || raw.every == Some(0) {
            return Err("requests are counted from 1".into());
        }
        let Raw { p, nth, every, times, action, object, .. } = raw;
        Ok(Self { kind, p, nth, every, times, action, object })
    }
}

impl<'de> Deserialize<'de> for FaultSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Text(String),
            Fields(Raw),
        }
        match Form::deserialize(deserializer)? {
            Form::Text(text) => text.parse(),
            Form::Fields(raw) => raw.try_into(),
        }
        .map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CutBefore => f.write_str("cut_before"),
            Self::CutAfter => f.write_str("cut_after"),
            Self::Delay(time) => write!(f, "delay={}", time.as_millis()),
            Self::HalfFrame => f.write_str("half_frame"),
            Self::Garbage => f.write_str("garbage"),
            Self::Busy => f.write_str("busy"),
            Self::Unavailable => f.write_str("unavailable"),
            Self::DuplicateAnswer => f.write_str("duplicate_answer"),
            Self::WrongCtid => f.write_str("wrong_ctid"),
            Self::RefuseLogin => f.write_str("refuse_login"),
            Self::Lie { code, .. } => write!(f, "lie={code}"),
            Self::Stall => f.write_str("stall"),
            Self::SlowDrip(time) => write!(f, "slow_drip={}", time.as_millis()),
            Self::TlsAlert { effect: false } => f.write_str("tls_alert"),
            Self::TlsAlert { effect: true } => f.write_str("tls_alert:effect=yes"),
            Self::PreviousAnswer => f.write_str("previous_answer"),
            Self::WrongStid => f.write_str("wrong_stid"),
            Self::DropSession { answers: false } => f.write_str("drop_session"),
            Self::DropSession { answers: true } => f.write_str("drop_session:result=not_logged_in"),
            Self::Http { status, effect: false } => write!(f, "http={status}"),
            Self::Http { status, effect: true } => write!(f, "http={status}:effect=yes"),
            Self::RefuseConnection => f.write_str("refuse_connection"),
            Self::Unsigned => f.write_str("unsigned"),
            Self::BadSignature => f.write_str("bad_signature"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_json_say_the_same() {
        let text: FaultSpec = "cut_after:action=domain.create,p=0.05".parse().unwrap();
        let json = r#"{"kind":"cut_after","action":"domain.create","p":0.05}"#;
        assert_eq!(serde_json::from_str::<FaultSpec>(json).unwrap(), text);
        assert_eq!(serde_json::from_str::<FaultSpec>(r#""cut_after:action=domain.create,p=0.05""#).unwrap(), text);
        assert_eq!("delay=200:p=0.1".parse::<FaultSpec>().unwrap().kind, FaultKind::Delay(Duration::from_millis(200)));
        let json = r#"{"kind":"tls_alert","effect":true,"nth":3}"#;
        assert_eq!(serde_json::from_str::<FaultSpec>(json).unwrap(), "tls_alert:effect=yes,nth=3".parse().unwrap());
        for wrong in [
            "",
            "cut",
            "delay",
            "busy=3",
            "busy:nth=0",
            "busy:p=2",
            "busy:x=1",
            "busy:nth",
            "lie",
            "lie=1:result=ok",
            "slow_drip",
            "slow_drip=600001",
            "tls_alert:effect=perhaps",
            "drop_session:result=failed",
            "http",
            "http=600",
            "http=teapot",
        ] {
            assert!(wrong.parse::<FaultSpec>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_name_in_the_ledger_is_the_fault_as_it_was_asked_for() {
        for text in [
            "slow_drip=200",
            "tls_alert",
            "tls_alert:effect=yes",
            "previous_answer",
            "wrong_stid",
            "drop_session",
            "drop_session:result=not_logged_in",
            "refuse_connection",
            "http=401",
            "http=200:effect=yes",
            "unsigned",
            "bad_signature",
        ] {
            assert_eq!(text.parse::<FaultSpec>().unwrap().kind.to_string(), text);
        }
    }

    #[test]
    fn connections_and_logins_are_not_counted_by_faults_of_sessions() {
        let fits =
            |kind: &str, action: &str| kind.parse::<FaultSpec>().unwrap().matches(action, None, action == "login");
        assert!(fits("refuse_connection", CONNECT) && !fits("refuse_connection", "login"));
        for kind in ["busy", "cut_before", "drop_session", "refuse_login"] {
            assert!(!fits(kind, CONNECT), "{kind}");
        }
        for kind in ["previous_answer", "wrong_stid", "drop_session"] {
            assert!(!fits(kind, "login") && fits(kind, "domain.info"), "{kind}");
        }
    }
}
