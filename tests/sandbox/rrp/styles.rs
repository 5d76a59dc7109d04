//! Answers as other servers write them.

use registrard::sandbox::{Manner, RrpOptions, RrpStyle};

use super::client::*;

#[tokio::test(start_paused = true)]
async fn each_style_by_itself() {
    for (style, status) in [
        (
            RrpStyle::BareLf,
            "200 Command completed successfully\nregistration expiration date:2009-09-22 10:27:00.0\nregistrar:registrarA\nstatus:ACTIVE\n",
        ),
        (RrpStyle::Millis, "registration expiration date:2009-09-22 10:27:00.000\r\nregistrar:registrarA\r\n"),
        (
            RrpStyle::Draft,
            "RegistrationExpirationDate:2009-09-22 10:27:00.0\r\nRegistrar:registrarA\r\nStatus:ACTIVE\r\nCreatedDate:",
        ),
        (RrpStyle::Upper, "\r\nREGISTRATION EXPIRATION DATE:2009-09-22 10:27:00.0\r\nREGISTRAR:registrarA\r\n"),
        (RrpStyle::Extra, "updated by:registrarA\r\nRegistry-Note:a: b=c\r\nstatus reason:none\r\nx:y\r\n.\r\n"),
    ] {
        let options = RrpOptions { styles: vec![style], ..RrpOptions::default() };
        let sandbox = local(options, "1999-09-22T14:27:00Z");
        let mut line = Line(sandbox.connect());
        line.read().await.unwrap();
        let account = &sandbox.ready()["rrp"]["accounts"][0];
        let text = |key: &str| account[key].as_str().unwrap().to_owned();
        line.expect("200", &session(&(text("id"), text("password")))).await;
        line.order("200", "add domain example.com -Period:10").await;
        let answer = line.order("200", "status domain example.com").await;
        assert!(answer.contains(status), "{style:?}: {answer}");
    }
    let sandbox = local(RrpOptions { styles: vec![RrpStyle::Draft], ..RrpOptions::default() }, "1999-09-22T14:27:00Z");
    let mut line = within(&sandbox, 0).await;
    line.order("210 Domain available\r\n.\r\n", "check domain example.com").await;
    line.order("212 Nameserver name available\r\n.\r\n", "check host ns1.example.com").await;
}

#[tokio::test]
async fn odd_answers_say_the_same() {
    let world = World::with(RrpOptions { manner: Manner::Odd, ..RrpOptions::default() }, &[]).await;
    let mut line = world.line().await;
    line.expect("200", &session(&world.account(0))).await;
    line.order("200", "add domain example.com -Period:10").await;
    let mut ways = std::collections::BTreeSet::new();
    for _ in 0..40 {
        let answer = line.order("200", "status domain example.com").await;
        let plain = answer.to_lowercase().replace(' ', "");
        assert!(plain.contains("status:active") && plain.contains("createdby:registrara"), "{answer}");
        ways.insert(answer);
    }
    assert!(ways.len() > 30, "{} ways", ways.len());
}
