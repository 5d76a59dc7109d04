//! The queue and the log behind it.

use serde_json::json;

use super::client::*;

/// Three domains go from 90 to 91.
async fn lost(world: &World) -> Vec<String> {
    let names = ["a.co.nz", "b.co.nz", "c.co.nz"];
    let mut udais = Vec::new();
    for name in names {
        udais.push(world.done(&create(name)).await.value("Domain", "UDAI"));
    }
    world.days(6).await;
    world.done("<ResetMsgQ ActionId=\"reset-0\"/>").await;
    for (name, udai) in names.iter().zip(udais) {
        let answer =
            world.ask_as("91", &update(&format!("take {name}: ā"), name, &format!("UDAI=\"{udai}\""), "")).await;
        assert_eq!(answer.value("Response", "Rows"), "1", "{}", answer.text);
    }
    names.map(|name| format!("take {name}: &#x101;")).to_vec()
}

fn acknowledge(id: &str, originator: &str, transaction: &str) -> String {
    format!("<AckMessage ActionId=\"{id}\" OriginatingRegistrarId=\"{originator}\" TransId=\"{transaction}\"/>")
}

#[tokio::test]
async fn messages_are_read_and_acknowledged_in_their_order() {
    let world = World::new().await;
    let ids = lost(&world).await;
    let one = "<GetMessages QryId=\"gm-1\" QueueMode=\"1\" MaxResults=\"1\"><TypeFilter Type=\"third-party\"/><TypeFilter Type=\"server-generated-data\"/></GetMessages>";
    for (n, id) in ids.iter().enumerate() {
        let answer = world.done(one).await;
        let left = 2 - n;
        assert_eq!(
            (answer.value("Message", "Remaining"), answer.value("Response", "MoreRowsAvailable")),
            (left.to_string(), u8::from(left > 0).to_string())
        );
        assert_eq!(answer.values("Response", "Action"), ["GetMessages", "DomainTransfer"]);
        assert_eq!(
            (answer.values("Response", "OrigRegistrarId")[1].as_str(), &answer.values("Response", "TransId")[1]),
            ("91", id)
        );
        assert_eq!(world.done(one).await.tags("Message").len(), 1, "read is not acknowledged");
        let acknowledged = world.done(&acknowledge(&format!("ack-{n}"), "91", id)).await;
        assert_eq!(
            (acknowledged.value("AckResponse", "TransId"), acknowledged.value("AckResponse", "OriginatingRegistrarId")),
            (id.clone(), "91".into())
        );
        // The same again is the same, another one is too late.
        assert_eq!(world.done(&acknowledge(&format!("ack-{n}"), "91", id)).await.text, acknowledged.text);
        let late = world.refused("ALREADY_ACKED_MESSAGE", &acknowledge(&format!("late-{n}"), "91", id)).await;
        assert_eq!(late.cdatas("ErrorDetails")[0], "91");
    }
    let empty = world.done(one).await;
    assert_eq!((empty.value("Response", "Rows"), empty.tags("Response").len()), ("0".into(), 1));
    let wrong = world.refused("INVALID_FIELDSET", &acknowledge("w", "91", "12345aa")).await;
    assert_eq!(wrong.cdatas("ErrorDetails"), ["OriginatingRegistrarId 91", "TransId 12345aa"]);
    let gone = world.effects("message.delete");
    assert!(gone.len() == 3 && gone.iter().all(|id| id.starts_with("91:")), "{gone:?}");
}

#[tokio::test]
async fn everything_waiting_is_thrown_away_at_once() {
    let world = World::new().await;
    lost(&world).await;
    assert_eq!(world.done("<GetMessages QueueMode=\"1\" CountResults=\"1\"/>").await.value("Response", "Count"), "3");
    let reset = world.done("<ResetMsgQ ActionId=\"reset-1\"/>").await;
    assert_eq!((reset.value("Response", "Rows"), reset.value("Response", "Action")), ("0".into(), "ResetMsgQ".into()));
    assert_eq!(world.done(POLL).await.value("Response", "Rows"), "0");
    // The log still has them.
    let stored = world.done("<GetMessages OriginatingRegistrarId=\"OTHERS\"/>").await;
    assert_eq!(stored.tags("DomainTransfer").len(), 3);
}

#[tokio::test]
async fn the_log_finds_the_answer_to_an_action() {
    let world = World::new().await;
    let created = world.done(&create("a.co.nz")).await;
    world.done(&update("u", "a.co.nz", "RegistrantRef=\"x\"", "<AuditText>ticket 1</AuditText>")).await;
    let found = world.done("<GetMessages ActionId=\"create-a.co.nz\"/>").await;
    assert_eq!(
        (found.values("Response", "Action"), found.value("Domain", "UDAI")),
        (vec!["GetMessages".to_owned(), "DomainCreate".into()], created.value("Domain", "UDAI"))
    );
    let by_text = world.done("<GetMessages><AuditTextFilter>TICKET*</AuditTextFilter></GetMessages>").await;
    assert_eq!(by_text.values("Response", "TransId")[1..], ["u"]);
    let range = "<TransDateRange><From Year=\"2000\" Month=\"1\" Day=\"1\" Hour=\"0\" Minute=\"0\"/></TransDateRange>";
    assert_eq!(world.done(&format!("<GetMessages>{range}</GetMessages>")).await.value("Response", "Rows"), "2");
    world.refused("NO_MESSAGE_FILTER_VALUES", "<GetMessages QryId=\"x\"/>").await;
    world.refused("INVALID_EXPLICIT_REGISTRAR_ID", "<GetMessages QueueMode=\"1\" RecipientRegistrarId=\"91\"/>").await;
    let together = world.ask(&format!("{POLL}{}", whois("a.co.nz"))).await;
    assert_eq!((together.error(), together.is_top()), ("UNEXPECTED_FIELD".into(), true));
}

#[tokio::test]
async fn a_new_udai_waits_in_the_queue_too() {
    let world = World::new().await;
    let created = world.done(&create("a.co.nz")).await;
    let queue =
        world.done("<GetMessages QueueMode=\"1\"><TypeFilter Type=\"server-generated-data\"/></GetMessages>").await;
    assert_eq!(
        (queue.value("Domain", "UDAI"), queue.values("Response", "OrigRegistrarId")[1].as_str()),
        (created.value("Domain", "UDAI"), "90")
    );
    assert_eq!(
        world
            .done("<GetMessages QueueMode=\"1\"><TypeFilter Type=\"third-party\"/></GetMessages>")
            .await
            .value("Response", "Rows"),
        "0"
    );
    let quiet = NzOptionsWith::quirk(registrard::sandbox::Quirk::QuietUdai).await;
    quiet.done(&create("a.co.nz")).await;
    assert_eq!(quiet.done(POLL).await.value("Response", "Rows"), "0");
}

/// A registry that is odd in one way.
pub struct NzOptionsWith;

impl NzOptionsWith {
    pub async fn quirk(quirk: registrard::sandbox::Quirk) -> World {
        World::with(registrard::sandbox::NzOptions { quirks: [quirk].into(), ..free() }, &[]).await
    }
}

#[tokio::test]
async fn the_registry_says_what_control_wants() {
    let world = World::new().await;
    world.done(&create("a.co.nz")).await;
    world.done("<ResetMsgQ ActionId=\"r\"/>").await;
    world.control("POST", "/domains", &json!({ "domain": "a.co.nz", "new_udai": true })).await;
    world.control("POST", "/domains", &json!({ "domain": "a.co.nz", "cancel": true })).await;
    let xml =
        "<Error ErrorId='SYSTEM_ERROR' Severity='err' Hint='APPLICATION_ERROR'><Description>x</Description></Error>";
    world
        .control(
            "POST",
            "/messages",
            &json!({ "account": "90", "action": "DomainUpdate", "id": "e-1", "originator": "1", "xml": xml }),
        )
        .await;
    let queue = world.ask(POLL).await;
    assert_eq!(queue.value("Response", "Rows"), "3");
    assert_eq!(
        (queue.value("Domain", "UDAI").len(), queue.values("Domain", "Status")[1].as_str()),
        (8, "PendingRelease")
    );
    assert_eq!(queue.values("Response", "OrigRegistrarId")[1..], ["50", "50", "1"]);
    world.done(&acknowledge("a", "1", "e-1")).await;
}
