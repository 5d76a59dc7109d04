//! What an answer says of the daily quota (§3.2): a notice at 60, 90 and 100 percent, a refusal after that. Which of the
//! thresholds comes as information and which as warning is not stated, so both codes are read alike.

use super::codes::{EXHAUSTED, USED_QUOTA};
use crate::model::Answer;
use crate::model::verdict::QuotaWord;

/// The word, if there is one.
pub fn word(answer: &Answer) -> Option<QuotaWord> {
    if answer.messages.iter().any(|message| message.code == EXHAUSTED) {
        return Some(QuotaWord::Exhausted);
    }
    let notices = answer.messages.iter().filter(|message| USED_QUOTA.contains(&message.code.as_str()));
    let shares =
        notices.flat_map(|notice| notice.arguments.iter().chain([&notice.text])).filter_map(|text| percent(text));
    shares.max().map(QuotaWord::Used)
}

/// The number before the percent sign; `None` for anything that is no share of a whole.
fn percent(text: &str) -> Option<u8> {
    let before = text.split_once('%')?.0.trim_end();
    let digits =
        before.rfind(|sign: char| !sign.is_ascii_digit()).map_or(before, |at| before.get(at + 1..).unwrap_or(""));
    digits.parse().ok().filter(|share| *share <= 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Level, Message};

    #[test]
    fn notices_are_read_wherever_the_share_stands() {
        let said = |code: &str, text: &str, arguments: &[&str]| {
            let arguments = arguments.iter().map(|one| (*one).to_owned()).collect();
            let message = Message { level: Level::Warning, code: code.into(), text: text.into(), arguments };
            word(&Answer { messages: vec![message], ..Answer::default() })
        };
        for (code, text, arguments, expected) in [
            ("33000000022", "Used quota", vec!["90%"], Some(QuotaWord::Used(90))),
            ("13000000022", "Used quota", vec!["60 %"], Some(QuotaWord::Used(60))),
            ("13000000022", "Used quota: 100% of 50000", vec![], Some(QuotaWord::Used(100))),
            ("13000000022", "Used quota", vec!["30000"], None),
            ("33000000022", "Used quota", vec!["900%"], None),
            ("33000000022", "Used quota", vec!["ä%"], None),
            ("13000000011", "Used quota", vec!["60%"], None),
            ("53000000008", "Daily quota exceeded", vec![], Some(QuotaWord::Exhausted)),
        ] {
            assert_eq!(said(code, text, &arguments), expected, "{code} {text} {arguments:?}");
        }
    }
}
