//! Lines both ways: what comes back is what went out, whatever it is cut into, and nothing is longer than it may be.

use proptest::prelude::*;

use super::lines;
use super::*;

#[test]
fn an_answer_has_a_code_a_text_and_attributes_split_at_the_first_colon() {
    let reply = read_reply(
        b"213 Name server not available\r\nipAddress:2001:db8::1\r\ncreated date:1998-09-22 10:27:00.0\r\n.\r\n",
    );
    let reply = reply.unwrap();
    assert_eq!((reply.code.as_str(), reply.text.as_str()), ("213", "Name server not available"));
    assert_eq!(reply.attributes[0], ("ipAddress".to_owned(), "2001:db8::1".to_owned()));
    assert_eq!(reply.attributes[1].1, "1998-09-22 10:27:00.0");
    assert_eq!(read_reply(b"200\n.\n").unwrap().text, "");
    assert_eq!(read_reply(b"200\tyes\n\nstatus:\n.\n").unwrap().attributes, [("status".to_owned(), String::new())]);
}

#[test]
fn what_is_no_answer_says_why() {
    for (bytes, part) in [
        (&b""[..], "cut"),
        (b".\r\n", "empty"),
        (b"200 yes\r\n", "cut"),
        (b"200 yes\r\n.", "cut"),
        (b"200 yes\r\n.\r\n.\r\n", "3 bytes follow"),
        (b"20 yes\r\n.\r\n", "three digits"),
        (b"2000 yes\r\n.\r\n", "three digits"),
        (b" 200 yes\r\n.\r\n", "three digits"),
        (b"\xc3\xa4\xc3\xa4 yes\r\n.\r\n", "three digits"),
        (b"NSI RRP Server version 1.1.0\r\n.\r\n", "three digits"),
        (b"200 yes\r\nstatus\r\n.\r\n", "line 2"),
        (b"200 yes\r\n200 yes\r\n.\r\n", "line 2"),
        (b"200 yes\r\n:x\r\n.\r\n", "line 2"),
    ] {
        let why = read_reply(bytes).unwrap_err();
        assert!(why.contains(part), "{}: {why}", String::from_utf8_lossy(bytes));
    }
    // Nothing that came in leaves as a control character.
    assert_eq!(read_reply(b"531 \x00\x1b[31m\xff\r\n.\r\n").unwrap().text, "\u{fffd}\u{fffd}[31m\u{fffd}");
}

#[test]
fn limits_hold() {
    let line = |length: usize| format!("200 yes\r\na:{}\r\n.\r\n", "x".repeat(length - 4));
    assert!(read_reply(line(LONGEST_LINE).as_bytes()).is_ok());
    assert!(read_reply(line(LONGEST_LINE + 1).as_bytes()).unwrap_err().contains("1024"));
    let many = |count: usize| format!("200 yes\r\n{}.\r\n", "a:b\r\n".repeat(count - 2));
    assert!(read_reply(many(MOST_LINES).as_bytes()).is_ok());
    assert!(read_reply(many(MOST_LINES + 1).as_bytes()).unwrap_err().contains("1000 lines"));
    assert!(read_reply(&vec![b'\n'; LONGEST_MESSAGE + 1]).unwrap_err().contains("too many"));
}

#[test]
fn a_greeting_names_its_version_and_is_no_answer() {
    let greet = |text: &[u8]| read_greeting(text).map(|greeting| greeting.version);
    let sample = b"NSI RRP Server version 1.1.0\r\nMon Jun 19 14:04:00 MSK 2000\r\n.\r\n";
    assert_eq!(greet(sample).as_deref(), Ok("1.1.0"));
    assert_eq!(greet(b"Example rrp server VERSION 2.0.0\n.\n").as_deref(), Ok("2.0.0"));
    for other in [&b"521 Too many sessions open\r\n.\r\n"[..], b"SSH-2.0-x\r\n.\r\n", b".\r\n", sample.split_at(40).0] {
        assert!(greet(other).is_err());
    }
}

#[test]
fn a_value_cannot_become_a_second_line() {
    let with = |value: &str| write(&Request { verb: "add".into(), lines: vec![Line::attribute("DomainName", value)] });
    assert_eq!(&*with("example.com").unwrap(), b"add\r\nDomainName:example.com\r\n.\r\n");
    for value in ["", "a\r\nb", "a\nb", "a\0b", "b\u{fc}cher.com", &"x".repeat(129)] {
        let why = with(value).unwrap_err();
        assert!(why.contains("DomainName") && (value.is_empty() || !why.contains(value)), "{why}");
    }
    assert!(with(&"x".repeat(128)).is_ok());
}

#[test]
fn requests_show_nothing_of_what_they_say() {
    let request = read_request("session\n-Id:registrarA\n-Password:i-am-registrarA\n.").unwrap();
    assert_eq!(request.option("PASSWORD"), Some("i-am-registrarA"));
    assert!(!format!("{request:?}").contains("registrarA"));
}

fn value() -> impl Strategy<Value = String> {
    "[!-~]([ -~]{0,40}[!-~])?"
}

fn name() -> impl Strategy<Value = String> {
    "[A-Za-z][A-Za-z ]{0,20}[A-Za-z]"
}

proptest! {
    #[test]
    fn answers_come_back_as_they_went(
        code in "[0-9]{3}", text in "([!-~][ -~]{0,40}[!-~])?", attributes in prop::collection::vec((name(), value()), 0..20),
    ) {
        let reply = Reply { code, text, attributes };
        prop_assert_eq!(read_reply(&reply.write()).unwrap(), reply.clone());
        let bare = String::from_utf8(reply.write()).unwrap().replace("\r\n", "\n");
        prop_assert_eq!(read_reply(bare.as_bytes()).unwrap(), reply);
    }

    #[test]
    fn requests_come_back_as_they_went(
        verb in "[a-zA-Z]{1,10}", lines in prop::collection::vec(("[A-Za-z]{1,20}", value(), any::<bool>()), 0..20),
    ) {
        let line = |(name, value, is_option): &(String, String, bool)| match is_option {
            true => Line::option(name, value.as_str()),
            false => Line::attribute(name, value.as_str()),
        };
        let request = Request { verb, lines: lines.iter().map(line).collect() };
        let bytes = write(&request).unwrap();
        prop_assert!(bytes.is_ascii() && bytes.ends_with(b"\r\n.\r\n"));
        let back = read_request(std::str::from_utf8(&bytes).unwrap());
        prop_assert!(back.is_ok_and(|back| back == request));
    }

    #[test]
    fn no_bytes_upset_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = (read_reply(&bytes), read_greeting(&bytes), read_request(&String::from_utf8_lossy(&bytes)));
        let lines = lines::of(&bytes);
        prop_assert!(lines.is_err() || bytes.ends_with(b".\n") || bytes.ends_with(b".\r\n"));
    }

    #[test]
    fn messages_of_lines_upset_nobody(lines in prop::collection::vec("[0-9a-zA-Z:. \\r-]{0,12}", 0..12)) {
        let message = lines.join("\n") + "\n.\n";
        if let Ok(reply) = read_reply(message.as_bytes()) {
            prop_assert_eq!(reply.code.len(), 3);
        }
    }
}
