use serde_json::json;
use uuid::Uuid;

use super::*;

fn key(byte: u8) -> String {
    HEXLOWER.encode(&(0..32).map(|n| n ^ byte).collect::<Vec<_>>())
}

fn ring(bytes: &[u8]) -> Keyring {
    let lines: Vec<_> = bytes.iter().map(|byte| key(*byte)).collect();
    Keyring::read(&Secret::new(lines.join("\n"))).unwrap()
}

fn id(number: u128) -> JobId {
    JobId(Uuid::from_u128(number))
}

fn params(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[test]
fn secrets_of_an_answer_are_sealed_at_any_depth_or_not_kept() {
    let said = json!({"Domain": [{"UDAI": "x2B76rXd", "Status": "Active"}], "password": "***", "Rows": "1"});
    let mut kept = said.clone();
    assert!(ring(&[1]).seal_within(id(1), &mut kept));
    assert!(!kept.to_string().contains("x2B76rXd") && kept["password"] == "***", "{kept}");
    assert_eq!((&kept["Domain"][0]["Status"], &kept["Rows"]), (&json!("Active"), &json!("1")));
    let opened = ring(&[2, 1]).open_within(id(1), &kept).unwrap();
    let opened: Vec<_> = opened.iter().map(|(name, secret)| (name.as_str(), secret.expose())).collect();
    assert_eq!(opened, [("UDAI", "x2B76rXd")]);
    assert!(ring(&[1]).open_within(id(2), &kept).is_err() && ring(&[2]).open_within(id(1), &kept).is_err());
    let mut listed = json!({"UDAI": ["x2B76rXd", null, "***", "Wkw83nqs"]});
    assert!(ring(&[1]).seal_within(id(1), &mut listed));
    assert!(!listed.to_string().contains("x2B76rXd") && listed["UDAI"][2] == "***", "{listed}");
    let opened = ring(&[1]).open_within(id(1), &listed).unwrap();
    assert_eq!(opened.iter().map(|(_, secret)| secret.expose()).collect::<Vec<_>>(), ["x2B76rXd", "Wkw83nqs"]);
    let mut lost = said;
    assert!(!Keyring::default().seal_within(id(1), &mut lost));
    assert_eq!(lost["Domain"][0]["UDAI"], "***");
}

#[test]
fn what_was_sealed_opens_with_its_key_for_its_job_and_parameter_only() {
    let plain = params(json!({"domain": "example.de", "auth_info": "correct horse \" ü", "password": null}));
    let mut sealed = plain.clone();
    ring(&[1]).seal(id(1), &mut sealed).unwrap();
    let text = Value::Object(sealed.clone()).to_string();
    assert!(!text.contains("horse") && text.contains("example.de"), "{text}");
    assert_eq!(sealed["password"], Value::Null, "nothing is no secret");

    let opened = |ring: &Keyring, job, mut params: Map<String, Value>| ring.open(job, &mut params).map(|()| params);
    for ring in [ring(&[1]), ring(&[2, 1]), ring(&[3, 2, 1])] {
        assert_eq!(opened(&ring, id(1), sealed.clone()), Ok(plain.clone()));
    }
    let damaged = Err(Unopened::Damaged("auth_info".into()));
    assert_eq!(opened(&ring(&[1]), id(2), sealed.clone()), damaged, "of another job");
    let moved = params(json!({"password": sealed["auth_info"]}));
    assert_eq!(opened(&ring(&[1]), id(1), moved), Err(Unopened::Damaged("password".into())));
    let gone = opened(&ring(&[2]), id(1), sealed.clone()).unwrap_err().to_string();
    assert!(gone.contains(ring(&[1]).names()[0]) && gone.contains("parameter_keys_file"), "{gone}");
    assert!(opened(&Keyring::default(), id(1), sealed.clone()).is_err());

    // Sealed already, it stays as it is.
    let mut again = sealed.clone();
    ring(&[2]).seal(id(1), &mut again).unwrap();
    assert_eq!(again, sealed);
}

#[test]
fn any_change_of_a_sealed_value_is_noticed() {
    let mut sealed = params(json!({"auth_info": "correct horse"}));
    ring(&[1]).seal(id(1), &mut sealed).unwrap();
    let text = sealed["auth_info"][SEALED].as_str().unwrap().to_owned();
    for at in 0..text.len() {
        for other in ["A", "B", "", "."] {
            let mut text = text.clone();
            text.replace_range(at..=at, other);
            let changed = text != sealed["auth_info"][SEALED];
            let mut params = params(json!({"auth_info": {SEALED: text}}));
            assert_eq!(ring(&[1]).open(id(1), &mut params).is_err(), changed, "{at} {other}");
        }
    }
}

#[test]
fn the_same_secret_is_never_sealed_alike_and_short_ones_have_one_length() {
    let ring = ring(&[1]);
    let sealed = |secret: &str| {
        let mut params = params(json!({ "auth_info": secret }));
        ring.seal(id(1), &mut params).unwrap();
        params["auth_info"][SEALED].as_str().unwrap().to_owned()
    };
    assert_ne!(sealed("correct horse"), sealed("correct horse"));
    assert_eq!(sealed("a").len(), sealed(&"a".repeat(60)).len());
}

#[test]
fn without_a_key_secrets_are_refused_and_nothing_else() {
    let none = Keyring::default();
    let mut secret = params(json!({"domain": "example.de", "auth_info": "x"}));
    assert_eq!(none.seal(id(1), &mut secret), Err(NoKey("auth_info".into())));
    let mut raw = params(json!({"request": "Action: DELETE\nDomain: example.de"}));
    assert_eq!(none.seal(id(1), &mut raw), Ok(()));
    assert_eq!(none.digests(id(1), [7; 32]), [[7; 32]]);
}

#[test]
fn digests_stay_the_same_over_a_rotation_and_differ_by_job_and_key() {
    let content = [7; 32];
    let before = ring(&[1]).digests(id(1), content);
    let after = ring(&[2, 1]).digests(id(1), content);
    assert_eq!((before.len(), after.len()), (2, 3));
    assert!(after.contains(&before[0]) && after[0] != before[0]);
    assert_ne!(ring(&[1]).digests(id(2), content)[0], before[0]);
    assert_eq!(before[1], content, "from before there was a key");
    assert_eq!(ring(&[1]).digest(id(1), content), before[0]);
}

#[test]
fn keys_are_read_in_both_ways_and_no_line_is_repeated() {
    let hex = key(1);
    let base64 = BASE64.encode(&HEXLOWER.decode(hex.as_bytes()).unwrap());
    let names = |text: &str| Keyring::read(&Secret::new(text)).map(|ring| ring.names().join(" "));
    assert_eq!(names(&hex), names(&base64));
    assert_eq!(names(&hex), names(&hex.to_uppercase()));
    let two = names(&format!("# in use since November\r\n{base64}\r\n\n{}\n", key(2))).unwrap();
    assert!(two.starts_with(&names(&hex).unwrap()) && two.len() == 17, "{two}");
    for bad in [
        "",
        "# nothing\n",
        "correct horse",
        &hex[1..],
        &format!("{hex}00"),
        &format!("{hex}\n{base64}"),
        &"00".repeat(32),
        &base64[..40],
    ] {
        let why = names(bad).unwrap_err();
        assert!(bad.is_empty() || !why.contains(bad), "{why}");
    }
    let shown = format!("{:?}", ring(&[1]));
    assert!(!shown.contains(&hex) && shown.contains(ring(&[1]).names()[0]));
    let many: Vec<_> = (0..33).map(key).collect();
    assert!(names(&many.join("\n")).is_err());
}
