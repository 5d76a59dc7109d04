//! A client of the sandbox's control interface.
#![allow(dead_code, reason = "each test binary uses its part of this")]

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A request to the control interface at `url` (`http://host:port`): status and body.
pub async fn request(url: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let host = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    let body = body.to_string();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

/// The same, where anything but a yes fails the test.
pub async fn ordered(url: &str, method: &str, path: &str, body: &Value) -> Value {
    let (status, answer) = request(url, method, path, body).await;
    assert_eq!(status, 200, "{method} {path} {body}: {answer}");
    answer
}

/// Moves the sandbox's clock by whole days.
pub async fn days(url: &str, days: i64) {
    ordered(url, "POST", "/clock", &json!({ "advance_seconds": days * 86_400 })).await;
}
