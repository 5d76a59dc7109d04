//! What names ask for.

use super::client::*;

/// All codes of the protocol, and whether the connection ends with them.
const CODES: &[(u16, bool)] = &[
    (200, false),
    (210, false),
    (211, false),
    (212, false),
    (213, false),
    (220, true),
    (420, true),
    (421, false),
    (500, false),
    (501, false),
    (502, false),
    (503, false),
    (504, false),
    (505, false),
    (506, false),
    (507, false),
    (508, false),
    (509, false),
    (510, false),
    (520, true),
    (521, true),
    (530, false),
    (531, false),
    (532, false),
    (533, false),
    (534, false),
    (535, false),
    (536, false),
    (540, false),
    (541, false),
    (542, false),
    (543, false),
    (544, false),
    (545, false),
    (546, false),
    (547, false),
    (548, false),
    (549, false),
    (550, false),
    (551, false),
    (552, false),
    (553, false),
    (554, false),
    (555, false),
    (556, false),
    (557, false),
];

#[tokio::test]
async fn every_code_is_one_name_away_and_nothing_happens() {
    let world = World::new().await;
    let mut line = world.login(0).await;
    for (code, ends) in CODES {
        let answer = line.order(&code.to_string(), &format!("add domain code-{code}-1.com -Period:1")).await;
        assert!(answer.ends_with("\r\n.\r\n") && !answer.contains("Unknown"), "{answer}");
        if *ends {
            assert!(line.is_over().await, "{code}");
            line = world.login(0).await;
        }
        line.order(&code.to_string(), &format!("status host ns1.read-{code}.com")).await;
        if *ends {
            line = world.login(0).await;
        }
    }
    assert!(world.sandbox.ledger().effects.is_empty());
    line.order("210", "check domain code-541-1.com").await;
}

#[tokio::test]
async fn once_done_renew_and_update() {
    let world = World::new().await;
    let mut line = world.login(0).await;
    line.order("549", "add domain once-549.com -Period:1").await;
    line.order("210", "check domain once-549.com").await;
    line.order("200", "add domain once-549.com -Period:1").await;
    // 220 after a write: it is done, and the connection ends.
    line.order(BYE, "add domain done-220-a.com -Period:1").await;
    assert!(line.is_over().await);
    let mut line = world.login(0).await;
    line.order("554", "add domain done-220-a.com -Period:1").await;
    let guard = year(&line.order("200", "add domain renew-548.com -Period:1").await);
    line.order("548", &format!("renew domain renew-548.com -Period:1 -CurrentExpirationYear:{guard}")).await;
    line.order(DONE, "mod domain renew-548.com Status:REGISTRAR-LOCK").await;
    line.order("200", "add domain update-552.com -Period:1").await;
    line.order("200", &format!("renew domain update-552.com -Period:1 -CurrentExpirationYear:{guard}")).await;
    line.order("552", "del domain update-552.com").await;
    // A host is a name of its own, with the same label in it.
    line.order("549", "add host ns1.once-549.com IPAddress:192.0.2.1").await;
    line.order(DONE, "add host ns1.once-549.com IPAddress:192.0.2.1").await;
    line.order("210", "check domain code-54.com").await;
    assert_eq!(world.effects("domain.create"), ["once-549.com", "done-220-a.com", "renew-548.com", "update-552.com"]);
}

#[tokio::test]
async fn the_server_hangs_up_behind_an_answer() {
    let world = World::new().await;
    let mut line = world.login(0).await;
    line.order("200", "add domain then-520.com -Period:1").await;
    let unasked = line.read().await.unwrap();
    assert_eq!(unasked, "520 Server closing connection. Client should try opening new connection\r\n.\r\n");
    assert!(line.is_over().await);
    let mut line = world.login(0).await;
    line.order("210", "check domain then-none.com").await;
    assert!(line.is_over().await);
    assert_eq!(world.effects("domain.create"), ["then-520.com"]);
}
