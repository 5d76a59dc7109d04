//! What a name asks for. The first label of a domain, or any label of a host's name, says by its words how the registry shall
//! treat it; docs/testing.md has the table.

use super::codes;
use super::reply::Reply;

/// Which requests about a name are answered with a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// Every write (`code-`, `text-`).
    Write,
    /// Every question (`read-`).
    Read,
    /// RENEW (`renew-`).
    Renew,
    /// Writes, but neither SW_REGISTER nor RENEW (`update-`).
    Update,
    /// The first write (`once-`).
    Once,
    /// The first write, which is carried out all the same (`done-`).
    Done,
}

/// A request as far as patterns go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) action: &'a str,
    pub(super) is_write: bool,
}

/// What is done with a request.
#[derive(Clone, Debug)]
pub(super) struct Treatment {
    pub(super) reply: Reply,
    /// Whether it is carried out before it is answered so.
    pub(super) is_done: bool,
    /// Whether it is so the first time only.
    pub(super) is_once: bool,
}

/// How a request about a name is treated; none if like any other.
pub(super) fn treatment(name: &str, asked: Asked<'_>) -> Option<Treatment> {
    name.split('.').find_map(|label| of_label(label, asked))
}

fn of_label(label: &str, asked: Asked<'_>) -> Option<Treatment> {
    let mut words = label.split('-');
    let when = match words.next()? {
        "code" | "text" => When::Write,
        "read" => When::Read,
        "renew" => When::Renew,
        "update" => When::Update,
        "once" => When::Once,
        "done" => When::Done,
        _ => return None,
    };
    let reply = match words.next()? {
        "none" => Reply { code: None, ..Reply::refused_as(0, codes::TIMEOUT_TEXT) },
        number => {
            let code = number.parse().ok().filter(|_| number.len() == 3)?;
            let text = match words.next().filter(|_| label.starts_with("text-")) {
                Some(word) => codes::text_with(code, word)?,
                None => codes::text(code),
            };
            Reply::plain(code, text)
        }
    };
    let applies = match when {
        When::Write | When::Once | When::Done => asked.is_write,
        When::Read => !asked.is_write,
        When::Renew => asked.action == "RENEW",
        When::Update => asked.is_write && !["RENEW", "SW_REGISTER"].contains(&asked.action),
    };
    let is_once = matches!(when, When::Once | When::Done);
    applies.then_some(Treatment { reply, is_done: when == When::Done, is_once })
}

/// Whether the first label begins with this word.
pub(super) fn begins(name: &str, word: &str) -> bool {
    name.split(['.', '-']).next() == Some(word)
}

/// Whether the first label has this word, behind the first.
pub(super) fn has(name: &str, word: &str) -> bool {
    name.split('.').next().unwrap_or_default().split('-').skip(1).any(|part| part == word)
}

/// The code in a name such as `forced-435-a.com`.
pub(super) fn code_in(name: &str) -> Option<u16> {
    name.split('.').next()?.split('-').nth(1).filter(|word| word.len() == 3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(name: &str, action: &str, is_write: bool) -> Option<u16> {
        treatment(name, Asked { action, is_write })?.reply.code
    }

    #[test]
    fn every_code_can_be_asked_for() {
        for number in codes::all() {
            assert_eq!(code(&format!("code-{number}-1.com"), "MODIFY", true), Some(number));
            assert_eq!(code(&format!("read-{number}.com"), "GET", false), Some(number));
        }
        let lost = treatment("code-none-1.com", Asked { action: "RENEW", is_write: true }).unwrap();
        assert_eq!((lost.reply.code, lost.reply.text.as_str()), (None, codes::TIMEOUT_TEXT));
        let text = treatment("text-400-retry-7.com", Asked { action: "SW_REGISTER", is_write: true }).unwrap();
        assert!(text.reply.text.contains("Please retry"));
    }

    #[test]
    fn a_pattern_applies_where_it_says() {
        assert_eq!(code("code-541-1.com", "GET", false), None);
        assert_eq!(code("renew-541-1.com", "SW_REGISTER", true), None);
        assert_eq!(code("renew-541-1.com", "RENEW", true), Some(541));
        assert_eq!(code("update-435.com", "RENEW", true), None);
        assert_eq!(code("ns1.code-405-a.com", "CREATE", true), Some(405));
        assert_eq!(code("code-5-1.com", "RENEW", true), None);
        assert_eq!(code("encode-541.com", "RENEW", true), None);
        assert!(
            begins("async-1.com", "async")
                && has("async-decline-1.com", "decline")
                && !begins("asynchron.com", "async")
        );
        assert_eq!((code_in("forced-435-a.com"), code_in("forced-1.com")), (Some(435), None));
    }
}
