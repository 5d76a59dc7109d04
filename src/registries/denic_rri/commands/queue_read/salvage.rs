//! A message that cannot be read must not stand at the head of the queue for ever: enough of it to store it as it came and
//! to remove it. Only for an answer to QUEUE-READ, which changes nothing.

use serde_json::json;

use crate::model::Answer;

/// A message with its id, its type and its text as it came, from an answer that is in neither format; nothing if not even
/// that much is there, or if the registry does not say `success`.
pub fn salvage(bytes: &[u8]) -> Option<Answer> {
    let text = String::from_utf8_lossy(bytes);
    let find: fn(&str, &str) -> Option<String> = if text.trim_start().starts_with('<') { in_xml } else { in_kv };
    let result = find(&text, "result").filter(|result| result.eq_ignore_ascii_case("success"))?;
    let is_word = |text: &String| {
        (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let id = find(&text, "msgid").filter(is_word)?;
    let kind = find(&text, "msgtype").filter(is_word).unwrap_or_else(|| "unreadable".into());
    let mut data = json!({ "count": 1, "id": id, "type": kind, "raw": text });
    if let Some(time) = find(&text, "msgtime") {
        data["time"] = json!(time);
    }
    Some(Answer { result, server_transaction: find(&text, "stid"), data, ..Answer::default() })
}

/// The value of the first line with a keyword.
fn in_kv(text: &str, keyword: &str) -> Option<String> {
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    let mut values = lines.filter(|(name, _)| name.trim().eq_ignore_ascii_case(keyword)).map(|(_, value)| value.trim());
    values.next().map(str::to_owned)
}

/// The value of the first attribute, or the text of the first element, of a name.
fn in_xml(text: &str, name: &str) -> Option<String> {
    let attribute =
        [('"', format!("{name}=\"")), ('\'', format!("{name}='"))].into_iter().find_map(|(quote, begin)| {
            let (_, rest) = text.split_once(begin.as_str())?;
            rest.split_once(quote).map(|(value, _)| value)
        });
    let element = || {
        let begin = text.match_indices(name).find(|(at, _)| {
            let before = text[..*at].chars().next_back();
            matches!(before, Some('<' | ':')) && text[at + name.len()..].starts_with('>')
        })?;
        let rest = &text[begin.0 + name.len() + 1..];
        rest.split_once('<').map(|(value, _)| value)
    };
    attribute.or_else(element).map(|value| value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_kept_as_it_came() {
        let kv =
            b"RESULT: success\nSTID: s-1\nMsgcnt: 3\nMsgid: 02699380-9c7a\nMsgtype: poem\na line of its own \xff\n";
        let xml = b"<r><tr:stid>s-1</tr:stid><tr:result>success</tr:result><msg:message msgid='02699380-9c7a' msgtime=\"t\"><msg:poem></msg:message>";
        for (bytes, kind) in [(kv.as_slice(), "poem"), (xml, "unreadable")] {
            let answer = salvage(bytes).unwrap();
            assert_eq!((answer.result.as_str(), answer.server_transaction.as_deref()), ("success", Some("s-1")));
            assert_eq!((&answer.data["id"], &answer.data["type"]), (&json!("02699380-9c7a"), &json!(kind)));
            assert_eq!(answer.data["raw"], String::from_utf8_lossy(bytes).into_owned());
        }
        for nothing in
            ["", "<", "RESULT: success", "RESULT: failed\nMsgid: a", "RESULT: success\nMsgid: a b", "<result>success"]
        {
            assert_eq!(salvage(nothing.as_bytes()), None, "{nothing}");
        }
    }
}
