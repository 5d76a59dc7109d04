//! What is no request harms nobody.

use tokio::io::AsyncWriteExt;

use super::client::*;

#[tokio::test]
async fn lines_that_end_wrongly_are_refused() {
    let world = World::new().await;
    let mut line = world.login(0).await;
    let good = command("check domain example.com");
    for bad in [good.replace("\r\n", "\n"), good.replace("\r\n.\r\n", "\n.\r\n"), good.replace("\r\n.\r\n", "\r\n.\n")]
    {
        line.expect("507 Invalid command format\r\n.\r\n", &bad).await;
    }
    line.expect("210", &good).await;
    assert_eq!(world.violations("registrarA", "unreadable"), 3);
}

#[tokio::test]
async fn bytes_without_sense() {
    let world = World::new().await;
    for bytes in [
        &b"\0\0\0\r\n.\r\n"[..],
        b"check\r\n\xff\xfe\r\n.\r\n",
        b".\r\n",
        b"\r\n\r\n.\r\n",
        b"check:\r\n:\r\n:\r\n.\r\n",
    ] {
        let mut line = world.login(0).await;
        line.0.write_all(bytes).await.unwrap();
        line.0.flush().await.unwrap();
        let answer = line.read().await.unwrap();
        assert!(answer.starts_with("500 ") || answer.starts_with("507 "), "{answer}");
        line.order("210", "check domain example.com").await;
    }
    // Too long to be a request, and without an end.
    let mut line = world.login(0).await;
    line.send(&"a".repeat(20_000)).await;
    assert_eq!(line.read().await.unwrap(), "507 Invalid command format\r\n.\r\n");
    assert!(line.is_over().await);
    assert_eq!(world.sandbox.ledger().effects.len(), 0);
}

#[tokio::test]
async fn two_requests_at_once_are_answered_and_counted() {
    let world = World::new().await;
    let mut line = world.login(0).await;
    line.send(&format!("{}{}", command("add domain example.com -Period:1"), command("check domain example.com"))).await;
    assert!(line.read().await.unwrap().starts_with("200 "));
    assert!(line.read().await.unwrap().starts_with("211 "));
    assert_eq!(world.violations("registrarA", "pipelined"), 1);
    line.order("210", "check domain example.net").await;
    assert_eq!(world.violations("registrarA", "pipelined"), 1);
    line.expect("212", "check\r\nNameServer:ns1.example.com\r\nEntityName:NameServer\r\n.\r\n").await;
    assert_eq!(world.violations("registrarA", "lines_out_of_order"), 1);
}

#[tokio::test]
async fn many_clients_at_once() {
    let world = World::new().await;
    let mut clients = Vec::new();
    for worker in 0..6 {
        let mut line = world.login(worker % 2).await;
        clients.push(tokio::spawn(async move {
            for n in 0..20 {
                let name = format!("w{worker}-{n}.com");
                line.order("200", &format!("add domain {name} -Period:1")).await;
                line.order("211", &format!("check domain {name}")).await;
            }
            line.expect(BYE, "quit\r\n.\r\n").await;
        }));
    }
    for client in clients {
        client.await.unwrap();
    }
    assert_eq!(world.effects("domain.create").len(), 120);
    let ledger = world.sandbox.ledger();
    assert_eq!(ledger.requests.iter().filter(|record| record.action == "logout").count(), 6);
    assert!(ledger.violations.is_empty(), "{:?}", ledger.violations);
    assert!(ledger.effects.iter().all(|effect| effect.registry == "rrp" && effect.ctid.is_none()));
}
