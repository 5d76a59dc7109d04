//! The stage on which everything is broken, before the play: the proxy, the script and the blows do what they say.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "chaos/blows.rs"]
mod blows;
#[path = "support/control.rs"]
mod control;
#[path = "support/house.rs"]
mod house;
#[path = "support/proxy.rs"]
mod proxy;
#[path = "chaos/stage.rs"]
mod stage;

use std::time::Duration;

use proxy::{Mode, Proxy, Way};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Longest wait for something that has to happen.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long nothing has to happen before it counts as not happening.
const SILENCE: Duration = Duration::from_millis(200);

/// A server that sends back what it gets, behind a proxy.
async fn echo() -> Proxy {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = client.split();
                tokio::io::copy(&mut from, &mut to).await
            });
        }
    });
    Proxy::start(&target).await
}

async fn connect(proxy: &Proxy) -> TcpStream {
    TcpStream::connect(proxy.address).await.unwrap()
}

/// The next byte that comes; none if nothing came for a while.
async fn heard(client: &mut TcpStream) -> Option<std::io::Result<u8>> {
    timeout(SILENCE, client.read_u8()).await.ok()
}

async fn answered(client: &mut TcpStream, byte: u8) {
    client.write_u8(byte).await.unwrap();
    assert_eq!(timeout(PATIENCE, client.read_u8()).await.unwrap().unwrap(), byte);
}

async fn broken(client: &mut TcpStream) {
    let end = timeout(PATIENCE, client.read_u8()).await.expect("the connection is cut");
    assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_cut_resets_what_there_is_and_what_comes_until_it_forwards_again() {
    let proxy = echo().await;
    let mut client = connect(&proxy).await;
    answered(&mut client, 1).await;
    proxy.set(Mode::Cut);
    broken(&mut client).await;
    broken(&mut connect(&proxy).await).await;
    proxy.set(Mode::Forward);
    let mut client = connect(&proxy).await;
    answered(&mut client, 2).await;
    // A cut that is over before anybody looked is a cut all the same.
    proxy.set(Mode::Cut);
    proxy.set(Mode::Forward);
    broken(&mut client).await;
    let mut client = connect(&proxy).await;
    answered(&mut client, 3).await;
    proxy.cut_all();
    broken(&mut client).await;
    answered(&mut connect(&proxy).await, 4).await;
}

#[tokio::test]
async fn a_stall_holds_everything_and_loses_nothing() {
    let proxy = echo().await;
    let mut client = connect(&proxy).await;
    answered(&mut client, 1).await;
    proxy.set(Mode::Stall);
    client.write_u8(2).await.unwrap();
    let mut late = connect(&proxy).await;
    late.write_u8(3).await.unwrap();
    assert!(heard(&mut client).await.is_none() && heard(&mut late).await.is_none());
    proxy.set(Mode::Forward);
    assert_eq!(timeout(PATIENCE, client.read_u8()).await.unwrap().unwrap(), 2);
    assert_eq!(timeout(PATIENCE, late.read_u8()).await.unwrap().unwrap(), 3);
    // What is held when the connections are cut is lost.
    proxy.set(Mode::Stall);
    client.write_u8(4).await.unwrap();
    proxy.cut_all();
    proxy.set(Mode::Forward);
    broken(&mut client).await;
}

#[tokio::test]
async fn one_way_is_open_while_the_other_is_held() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = Proxy::start(&listener.local_addr().unwrap().to_string()).await;
    let mut client = connect(&proxy).await;
    let (mut server, _) = timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
    for (open, is_heard_at_server) in [(Way::ToServer, true), (Way::ToClient, false)] {
        proxy.set(Mode::OneWay(open));
        client.write_u8(1).await.unwrap();
        server.write_u8(2).await.unwrap();
        let (there, back) = (heard(&mut server).await, heard(&mut client).await);
        assert_eq!((there.is_some(), back.is_some()), (is_heard_at_server, !is_heard_at_server), "{open:?}");
        proxy.set(Mode::Forward);
        let held = if is_heard_at_server { &mut client } else { &mut server };
        assert!(timeout(PATIENCE, held.read_u8()).await.unwrap().is_ok(), "held, not lost");
    }
}

#[tokio::test]
async fn what_is_held_is_bounded() {
    let proxy = echo().await;
    let mut client = connect(&proxy).await;
    proxy.set(Mode::Stall);
    let much = vec![0; 64 << 20];
    assert!(timeout(SILENCE, client.write_all(&much)).await.is_err(), "64 MB were taken");
}
