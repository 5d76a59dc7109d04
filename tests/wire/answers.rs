//! Answers.

use serde_json::{Value, json};

use super::{decode, dialect, encode, expect, load, named, operation, read_as};

/// All golden answers: name and format.
fn answers() -> Vec<(String, &'static str)> {
    let of = |format: &'static str| named("answer.", &format!(".{format}")).into_iter().map(move |name| (name, format));
    of("kv").chain(of("xml")).collect()
}

#[test]
fn every_answer_means_the_same_in_both_formats() {
    let (kv, xml) = (named("answer.", ".kv"), named("answer.", ".xml"));
    assert!(kv.iter().filter(|name| xml.contains(name)).count() >= 30, "{kv:?} {xml:?}");
    for (name, format) in answers() {
        let answer = load(&format!("answer.{name}.{format}"));
        let meaning = decode(&operation(&name), &answer, &[]).unwrap();
        let mut value: Value = serde_json::from_str(&meaning).unwrap();
        // The case of the result word is the sample's own.
        value["answer"]["result"] = json!(value["answer"]["result"].as_str().unwrap().to_lowercase());
        let text = serde_json::to_string_pretty(&value).unwrap() + "\n";
        expect(&format!("answer.{name}.json"), text.as_bytes());
    }
}

#[test]
fn an_answer_that_is_cut_is_an_error_or_an_answer() {
    for (name, format) in answers() {
        let answer = load(&format!("answer.{name}.{format}"));
        let whole = String::from_utf8(answer.clone()).unwrap().trim_end().len();
        let operation = read_as(&name);
        for cut in 0..whole {
            match dialect(format).decode(operation, &answer[..cut]) {
                Ok(answer) => {
                    // A message that cannot be read is kept as it came; everything else in XML must be whole.
                    let kept = answer.data.get("raw").is_some();
                    assert!(format == "kv" || kept, "{name}: {cut}");
                    drop(dialect(format).judge(operation, &answer));
                }
                Err(error) => assert!(!error.is_empty()),
            }
        }
    }
}

/// What means nothing in K/V: case of keywords, order above the sections, line ends, blanks, tabs, lines nobody knows.
#[test]
fn k_v_answers_read_alike_however_they_are_set() {
    for name in named("answer.", ".kv") {
        let text = String::from_utf8(load(&format!("answer.{name}.kv"))).unwrap();
        let plain = dialect("kv").decode(read_as(&name), text.as_bytes()).unwrap();
        let (head, sections) = text.split_once("\n[").map_or((text.as_str(), ""), |(head, rest)| (head, rest));
        let keyword = |line: &str, case: fn(&str) -> String| {
            line.split_once(": ").map_or(line.to_owned(), |(keyword, value)| format!("{}: {value}", case(keyword)))
        };
        let join = |head: &str| if sections.is_empty() { head.to_owned() } else { format!("{head}\n[{sections}") };
        let by_keyword = {
            let mut lines: Vec<&str> = head.lines().collect();
            lines.sort_by_key(|line| line.split(':').next().unwrap().to_lowercase());
            lines.join("\n")
        };
        // Messages of several levels keep their order only among those of one level.
        let mixed = plain.messages.iter().any(|message| message.level != plain.messages[0].level);
        for (how, set) in [
            ("upper case", text.lines().map(|line| keyword(line, str::to_uppercase) + "\n").collect::<String>()),
            ("lower case", text.lines().map(|line| keyword(line, str::to_lowercase) + "\n").collect()),
            ("CRLF", text.replace('\n', "\r\n")),
            ("blank lines", text.replace('\n', "\n \t\n\n")),
            ("blanks at the ends", text.replace('\n', " \t\n")),
            ("tabs", text.replace(": ", ":\t").replace("Date:\t", "Date: ").replace("Claims:\t", "Claims: ")),
            ("unknown lines", format!("Future: x\n{text}\n[Something New]\nHandle: y\nDomain: z.de\n[Empty]\n")),
            ("order", if mixed { text.clone() } else { join(&by_keyword) }),
        ] {
            let mut read = dialect("kv").decode(read_as(&name), set.as_bytes()).unwrap();
            read.server_transaction.clone_from(&plain.server_transaction);
            // Exactly what came is kept of an unknown type, so it differs.
            if plain.data.get("raw").is_none() && !(how == "tabs" && set.contains("ERROR:\t901")) {
                assert_eq!(read, plain, "{name}: {how}");
            }
        }
    }
}

/// What means nothing in XML: prefixes, the one of `xsi` included, and the version of the namespaces.
#[test]
fn xml_answers_read_alike_whatever_their_prefixes_and_version() {
    for name in named("answer.", ".xml") {
        let text = String::from_utf8(load(&format!("answer.{name}.xml"))).unwrap();
        let read = |text: &str| {
            let mut answer = dialect("xml").decode(read_as(&name), text.as_bytes()).unwrap();
            if let Some(data) = answer.data.as_object_mut() {
                data.remove("raw");
            }
            answer
        };
        let plain = read(&text);
        let mut renamed = text.clone();
        for prefix in ["tr", "contact", "domain", "dnsentry", "verification", "regacc", "msg"] {
            for (from, to) in [("<", "<p-"), ("</", "</p-"), ("xmlns:", "xmlns:p-")] {
                let end = if from == "xmlns:" { "=" } else { ":" };
                renamed = renamed.replace(&format!("{from}{prefix}{end}"), &format!("{to}{prefix}{end}"));
            }
        }
        assert!(renamed.contains("<p-tr:result>"), "{renamed}");
        for (how, set) in [
            ("prefixes", renamed),
            ("no xsi", text.replace("xsi:type", "type")),
            ("no prefix in a type", text.replace("\"dnsentry:", "\"").replace("\"verification:", "\"")),
            ("3.0", text.replace("/5.0\"", "/3.0\"")),
            ("4.0", text.replace("/5.0\"", "/4.0\"")),
            ("comments", text.replace("</tr:stid>", "</tr:stid><!-- x --><?x y?>,")),
        ] {
            assert_eq!(read(&set), plain, "{name}: {how}");
        }
    }
}

/// Samples of the manual that are broken as printed.
#[test]
fn broken_samples_say_what_is_wrong_or_are_read_all_the_same() {
    let text = String::from_utf8(load("answer.message.read.expire.xml")).unwrap();
    let meaning = |text: &str| decode("message.read", text.as_bytes(), &[]);
    let plain = meaning(&text);
    for read in [
        text.replace("</tr:result>", "</tr:result>\n    <tr:result>success</tr:result>"),
        text.replace("</msg:message>", "</msg:message>,"),
    ] {
        assert_eq!(meaning(&read), plain);
    }
    for (broken, part) in [
        (text.replace("</registry-response>", "</registry-response"), "byte"),
        (text.replacen("</tr:stid>", "</tr:stId>", 1), "byte"),
        (text.replace("http://registry", "https://registry"), "not a registry-response"),
        (text.replace("</tr:result>", "</tr:result><tr:result>failed</tr:result>"), "two different results"),
    ] {
        let error = decode("domain.info", broken.as_bytes(), &[]).unwrap_err();
        assert!(error.contains(part), "{error}");
        // A message that cannot be read must not stand in the way of those behind it.
        let kept: Value = serde_json::from_str(&meaning(&broken).unwrap()).unwrap();
        assert_eq!(kept["answer"]["data"]["raw"], broken.as_str());
        assert!(kept["next"][0].as_str().unwrap().contains("message.raw"), "{kept}");
    }
}

#[test]
fn frames_are_shown_and_read() {
    let job = load("domain_check.json");
    let (payload, frame) = (encode(&job, &[]).unwrap(), encode(&job, &["--frame"]).unwrap());
    assert_eq!(frame[..4], u32::try_from(payload.len()).unwrap().to_be_bytes());
    assert_eq!(frame[4..], payload);

    let answer = load("answer.domain.check.kv");
    let framed = [&u32::try_from(answer.len()).unwrap().to_be_bytes()[..], &answer].concat();
    let plain = decode("domain.check", &answer, &[]).unwrap();
    assert_eq!(decode("domain.check", &framed, &[]).unwrap(), plain);
    for cut in 1..framed.len() {
        let error = decode("domain.check", &framed[..cut], &[]).unwrap_err();
        assert!(error.contains(&format!("cut: {cut} of")), "{error}");
    }
    for (bytes, part) in [
        (&[0, 1, 0, 1][..], "65537 bytes; 1 to 65536"),
        (&[0, 0, 0, 0], "0 bytes"),
        (&[&framed[..], b"x"].concat(), "1 bytes follow"),
        (b"", "empty"),
    ] {
        let error = decode("domain.check", bytes, &[]).unwrap_err();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn what_is_no_answer_says_why() {
    let head = "<registry-response xmlns=\"http://registry.denic.de/global/5.0\">";
    for (bytes, part) in [
        (b"Result: success\xff".to_vec(), "not UTF-8 (byte 15 of 16)"),
        (vec![b' '; 65_537], "65537 bytes"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), "line 1"),
        (b"<html/>".to_vec(), "not a registry-response"),
        (format!("{head}<tr:transaction").into_bytes(), "byte"),
        (format!("{head}</registry-response>").into_bytes(), "no transaction"),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>".to_vec(), "document type"),
        ("<a>".repeat(20_000).into_bytes(), "32 levels"),
    ] {
        let error = decode("domain.info", &bytes, &[]).unwrap_err();
        assert!(error.contains(part), "{error}");
    }
    assert!(decode("domain.steal", b"x", &[]).unwrap_err().contains("domain.steal"));
}

#[test]
fn the_result_word_is_read_in_any_case() {
    for (word, verdict) in [
        ("success", "done"),
        ("SUCCESS", "done"),
        ("Failed", "refused"),
        ("FAILURE", "refused"),
        ("Exception", "unsure"),
        ("perhaps", "unsure"),
    ] {
        let text = decode("domain.create", format!("RESULT:\t{word}\r\nSTID: x\r\n").as_bytes(), &[]).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["verdict"], verdict, "{word}");
    }
}
