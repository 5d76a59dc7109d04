//! A peer that does anything at any time: whatever bytes come, an answer is that to its request, and what is said not to
//! have been sent was not.
//!
//! Two things no client could know are left out: a refusal without a transaction id that the peer never sent before (it
//! is how an unreadable request is answered), and of an idle session's QUEUE-READ, which names no object, whose it is.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use tokio::io::DuplexStream;

use super::*;
use crate::registries::WireOptions;

const PATIENCE: Duration = Duration::from_secs(60);
/// The request a stray answer is for.
const NOBODY: usize = 999;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Asks {
    Write,
    Question,
    KeepAlive,
}

/// What the peer does about a request.
#[derive(Clone, Debug, PartialEq)]
enum Act {
    Answer,
    Refuse,
    /// As if it could not read the request.
    RefuseUnread,
    WithoutStid,
    CtidInCapitals,
    Twice,
    ThenAStray,
    AStrayFirst,
    /// What it said before, so many answers ago.
    Again(usize),
    WithLastStid,
    WithAnotherCtid,
    WithTwoCtids,
    WithoutCtid,
    AboutAnother,
    NotLoggedIn,
    Bytes(Vec<u8>),
    Length(u32),
    Half,
    HalfAndEnd,
    TooLate,
    Silence,
    End,
}

fn acts() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => Just(Act::Answer),
        1 => prop_oneof![
            Just(Act::Refuse), Just(Act::RefuseUnread), Just(Act::WithoutStid), Just(Act::CtidInCapitals),
            Just(Act::Twice), Just(Act::ThenAStray), Just(Act::AStrayFirst),
        ],
        3 => prop_oneof![
            (0_usize..4).prop_map(Act::Again), Just(Act::WithLastStid), Just(Act::WithAnotherCtid),
            Just(Act::WithTwoCtids), Just(Act::WithoutCtid), Just(Act::AboutAnother), Just(Act::NotLoggedIn),
            prop::collection::vec(any::<u8>(), 1..60).prop_map(Act::Bytes),
            prop_oneof![Just(0), Just(65_537), any::<u32>().prop_map(|length| length | 1 << 17)].prop_map(Act::Length),
            Just(Act::Half), Just(Act::HalfAndEnd), Just(Act::TooLate), Just(Act::Silence), Just(Act::End),
        ],
    ]
}

#[derive(Clone, Debug)]
struct Turn {
    asks: Asks,
    act: Act,
    /// Bytes the peer writes at a time.
    chunk: usize,
    /// Whether the client rests before, so that it can notice what came unasked.
    rests: bool,
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let asks = prop_oneof![Just(Asks::Write), Just(Asks::Question), Just(Asks::KeepAlive)];
    let turn = (asks, acts(), 1_usize..100, any::<bool>()).prop_map(|(asks, act, chunk, rests)| Turn {
        asks,
        act,
        chunk,
        rests,
    });
    prop::collection::vec(turn, 1..12)
}

fn name(n: usize) -> String {
    format!("d{n:03}.de")
}

/// What the peer has said, and what it was sent.
#[derive(Default)]
struct Said {
    stids: usize,
    answers: Vec<String>,
    received: Vec<u8>,
}

impl Said {
    fn stid(&mut self) -> String {
        self.stids += 1;
        format!("s-{}", self.stids)
    }

    fn text(&mut self, n: usize, asks: Asks, act: &Act) -> String {
        let stid = match act {
            Act::WithoutStid => String::new(),
            Act::WithLastStid if self.stids > 0 => format!("STID: s-{}\n", self.stids),
            _ => format!("STID: {}\n", self.stid()),
        };
        let ctid = match act {
            Act::WithAnotherCtid => format!("CTID: rd-{NOBODY}\n"),
            Act::WithTwoCtids => format!("CTID: rd-{NOBODY}\nCTID: rd-{n:03}\n"),
            Act::WithoutCtid | Act::RefuseUnread | Act::NotLoggedIn => String::new(),
            Act::CtidInCapitals if asks == Asks::Write => format!("CTID: RD-{n:03}\n"),
            _ if asks == Asks::Write => format!("CTID: rd-{n:03}\n"),
            _ => String::new(),
        };
        let about = if *act == Act::AboutAnother { NOBODY } else { n };
        let (result, rest) = match act {
            Act::Refuse | Act::RefuseUnread => ("failed", "ERROR: 63300062009 no such domain\n".to_owned()),
            Act::NotLoggedIn => ("failed", "ERROR: 83000000010 Login failed [Please login first]\n".to_owned()),
            _ if asks == Asks::Question => ("success", format!("Domain: {}\nStatus: free\n", name(about))),
            _ => ("success", String::new()),
        };
        // Whom it is for, for the test alone.
        format!("Result: {result}\n{stid}{ctid}INFO: 13000000099 for [{n}]\n{rest}")
    }

    fn stray(&mut self) -> String {
        let stid = self.stid();
        let about = name(NOBODY);
        format!("Result: success\nSTID: {stid}\nINFO: 13000000099 for [{NOBODY}]\nDomain: {about}\nStatus: connect\n")
    }
}

async fn write(stream: &mut DuplexStream, bytes: &[u8], chunk: usize) -> io::Result<()> {
    for part in bytes.chunks(chunk) {
        stream.write_all(part).await?;
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// Plays its part until it ends the connection or the client does; gives back what it was sent.
async fn play(mut stream: DuplexStream, turns: Vec<Turn>, current: Arc<AtomicUsize>) -> Vec<u8> {
    let mut said = Said::default();
    // What is cut short or comes too late for anybody is an end like any other.
    let _ = converse(&mut stream, &turns, &current, &mut said).await;
    drop(stream);
    said.received
}

async fn converse(stream: &mut DuplexStream, turns: &[Turn], current: &AtomicUsize, said: &mut Said) -> io::Result<()> {
    loop {
        let mut header = [0; frame::HEADER];
        stream.read_exact(&mut header).await?;
        let mut payload = vec![0; frame::length(header).unwrap()];
        stream.read_exact(&mut payload).await?;
        said.received.extend_from_slice(&payload);
        let n = current.load(Ordering::SeqCst);
        let Turn { asks, act, chunk, .. } = &turns[n];
        let text = said.text(n, *asks, act);
        let framed = |text: &str| frame::encode(text.as_bytes()).unwrap().to_vec();
        let bytes = match act {
            Act::Twice => [framed(&text), framed(&text)].concat(),
            Act::ThenAStray => [framed(&text), framed(&said.stray())].concat(),
            Act::AStrayFirst => [framed(&said.stray()), framed(&text)].concat(),
            Act::Again(ago) if !said.answers.is_empty() => {
                framed(&said.answers[said.answers.len().saturating_sub(1 + ago)])
            }
            Act::Bytes(bytes) => frame::encode(bytes).unwrap().to_vec(),
            Act::Length(length) => [&length.to_be_bytes(), text.as_bytes()].concat(),
            Act::Half | Act::HalfAndEnd => framed(&text)[..text.len() / 2].to_vec(),
            Act::Silence | Act::End => Vec::new(),
            _ => framed(&text),
        };
        if *act == Act::TooLate {
            tokio::time::sleep(2 * PATIENCE).await;
        }
        write(stream, &bytes, *chunk).await?;
        said.answers.push(text);
        if matches!(act, Act::End | Act::HalfAndEnd) {
            return Ok(());
        }
    }
}

/// Whether the request gets its own answer, if nothing lies about from those before it.
fn is_honest(turn: &Turn, before: &[Turn]) -> bool {
    match turn.act {
        Act::Answer | Act::Refuse | Act::RefuseUnread | Act::WithoutStid | Act::CtidInCapitals => true,
        Act::Twice | Act::ThenAStray => true,
        Act::Again(_) => before.is_empty(),
        Act::WithLastStid => before.iter().all(|turn| turn.act == Act::WithoutStid),
        // Only a write is answered with one.
        Act::WithoutCtid => turn.asks != Asks::Write,
        Act::AboutAnother => turn.asks != Asks::Question,
        _ => false,
    }
}

/// A QUEUE-READ names no object, and an answer that had no STID bears no mark by which a copy of it is known.
fn cannot_be_told(turn: &Turn, before: &[Turn], litter: Option<Litter>) -> bool {
    let without_mark = |ago: usize| {
        let said = before.get(before.len().saturating_sub(1 + ago));
        said.is_some_and(|said| said.act == Act::WithoutStid && said.asks == Asks::KeepAlive)
    };
    let litter = turn.act == Act::AStrayFirst || litter == Some(Litter::NewToUs);
    turn.asks == Asks::KeepAlive && (litter || matches!(turn.act, Act::Again(ago) if without_mark(ago)))
}

/// What lies about after an act whose answer was taken.
fn litter_of(act: &Act) -> Option<Litter> {
    match act {
        Act::Twice => Some(Litter::ACopy),
        Act::ThenAStray | Act::AStrayFirst => Some(Litter::NewToUs),
        _ => None,
    }
}

/// What the peer said beyond the answer.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Litter {
    ACopy,
    NewToUs,
}

async fn lie(turns: Vec<Turn>) {
    let options = WireOptions { account: "DENIC-1000022".into(), format: None, protocol: None };
    let dialect = Arc::new(Rri::new(&options).unwrap());
    let (near, far) = tokio::io::duplex(64);
    let mut session = RriSession::new(Connection::new(Box::new(near), PATIENCE), Arc::clone(&dialect));
    let current = Arc::new(AtomicUsize::new(0));
    let peer = tokio::spawn(play(far, turns.clone(), Arc::clone(&current)));
    let (mut heard, mut not_sent) = (Vec::new(), VecDeque::new());
    let (mut over, mut litter) = (false, None);
    for (n, turn) in turns.iter().enumerate() {
        if turn.rests {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        current.store(n, Ordering::SeqCst);
        let params = |value: Value| value.as_object().unwrap().clone();
        let outcome = match turn.asks {
            Asks::KeepAlive => session.keep_alive().await.map(|_| None),
            Asks::Write => {
                let nserver = ["ns1.example.net", "ns2.example.net"];
                let asked = json!({ "domain": name(n), "holder": "DENIC-1000022-MAX", "nserver": nserver });
                let transaction = format!("rd-{n:03}");
                let request = dialect.prepare(Operation::DomainCreate, &params(asked), &transaction).unwrap();
                session.exchange(&request).await.map(Some)
            }
            Asks::Question => {
                let asked = json!({ "domain": name(n) });
                let request = dialect.prepare(Operation::DomainCheck, &params(asked), "").unwrap();
                session.exchange(&request).await.map(Some)
            }
        };
        let honest = is_honest(turn, &turns[..n]);
        match outcome {
            Ok(answer) => {
                assert!(!over, "{n}: a session that is over heard something");
                let blameless = cannot_be_told(turn, &turns[..n], litter);
                assert!(litter.is_none() || blameless, "{n}: what lay about was taken for an answer");
                assert!(honest || blameless, "{n}: {turn:?} was taken for an answer");
                if let Some(answer) = answer {
                    let tag = answer.messages.iter().find(|message| message.code == "13000000099").unwrap();
                    assert_eq!(tag.arguments, [n.to_string()], "{n}: the answer to another request");
                }
                heard.push(n);
                litter = litter.or(litter_of(&turn.act));
            }
            Err(Lost::NotSent(_)) => {
                assert!(over || litter.is_some(), "{n}: nothing was in the way of it");
                over = true;
                not_sent.push_back(n);
            }
            Err(Lost::PerhapsSent(why)) => {
                assert!(!over, "{n}: a session that is over sent something");
                assert!(!honest || litter.is_some(), "{n}: {turn:?} is an answer, not {why}");
                over = true;
            }
        }
    }
    drop(session);
    let received = String::from_utf8(peer.await.unwrap()).unwrap();
    for n in not_sent.into_iter().filter(|n| turns[*n].asks != Asks::KeepAlive) {
        assert!(!received.contains(&name(n)), "{n} was called not sent, and arrived");
    }
    for n in heard.into_iter().filter(|n| turns[*n].asks != Asks::KeepAlive) {
        assert!(received.contains(&name(n)), "{n} was answered, and never arrived");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn an_answer_is_that_to_its_request(turns in turns()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(lie(turns));
    }
}
