//! HTTP/1.0 and 1.1 as far as registries need it: POST with a length, one request after the other. Written by hand,
//! because answers are to be cut, garbled and dripped at will.

use tokio::io::{AsyncRead, AsyncReadExt};

/// Longest body that is read, in bytes.
const LONGEST: usize = 4 * 1024 * 1024;

/// Longest head of a request, in bytes.
const LONGEST_HEAD: usize = 16 * 1024;

/// A request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct HttpRequest {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Names in small letters.
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether the connection may be used again.
    pub(crate) keeps: bool,
}

impl HttpRequest {
    /// The first value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Read {
    Request(HttpRequest),
    /// Not HTTP, or beyond the bounds: the status to say so with.
    Bad(u16),
    /// The connection ended.
    End,
}

/// Reads a request. What `ahead` holds was read before; what is read too much is left there.
pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin), ahead: &mut Vec<u8>) -> Read {
    let end = loop {
        if let Some(end) = ahead.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if ahead.len() > LONGEST_HEAD {
            return Read::Bad(431);
        }
        if !more(stream, ahead).await {
            return Read::End;
        }
    };
    let head = String::from_utf8_lossy(&ahead[..end]).into_owned();
    let Some(mut request) = parse(&head) else { return Read::Bad(400) };
    if request.header("transfer-encoding").is_some() {
        return Read::Bad(411);
    }
    let length = request.header("content-length").unwrap_or("0").trim().parse::<usize>();
    let Ok(length) = length else { return Read::Bad(400) };
    if length > LONGEST {
        return Read::Bad(413);
    }
    ahead.drain(..end + 4);
    while ahead.len() < length {
        if !more(stream, ahead).await {
            return Read::End;
        }
    }
    let rest = ahead.split_off(length);
    request.body = std::mem::replace(ahead, rest);
    Read::Request(request)
}

async fn more(stream: &mut (impl AsyncRead + Unpin), ahead: &mut Vec<u8>) -> bool {
    matches!(stream.read_buf(ahead).await, Ok(read) if read > 0)
}

fn parse(head: &str) -> Option<HttpRequest> {
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, path, version) = (first.next()?, first.next()?, first.next()?);
    let headers = lines.map(|line| line.split_once(':').map(|(n, v)| (n.trim().to_lowercase(), v.trim().to_owned())));
    let headers: Vec<_> = headers.collect::<Option<_>>()?;
    let request = HttpRequest { method: method.to_owned(), path: path.to_owned(), headers, ..HttpRequest::default() };
    let connection = request.header("connection").unwrap_or_default().to_lowercase();
    let keeps = match version {
        "HTTP/1.1" => !connection.contains("close"),
        "HTTP/1.0" => connection.contains("keep-alive"),
        _ => return None,
    };
    Some(HttpRequest { keeps, ..request })
}

/// An answer with a body of that type.
pub(crate) fn wrap(status: u16, mime: &str, body: &[u8], keeps: bool) -> Vec<u8> {
    answer(status, &format!("Content-Type: {mime}"), body, keeps)
}

/// A page for people, as a gateway or a portal in between would send it. A redirection leads back to `path`, so that whoever
/// follows it says the same again.
pub(crate) fn page(status: u16, path: &str, keeps: bool) -> Vec<u8> {
    let text = reason(status);
    let body =
        format!("<!DOCTYPE html>\n<html><head><title>{text}</title></head><body><h1>{text}</h1><br></body></html>\n");
    let way = if (300..400).contains(&status) { format!("\r\nLocation: {path}") } else { String::new() };
    answer(status, &format!("Content-Type: text/html{way}"), body.as_bytes(), keeps)
}

fn reason(status: u16) -> &'static str {
    match status {
        200..=299 => "OK",
        300..=399 => "Elsewhere",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        411 => "Length Required",
        413 => "Content Too Large",
        431 => "Request Header Fields Too Large",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        500..=599 => "Internal Server Error",
        _ => "Bad Request",
    }
}

fn answer(status: u16, headers: &str, body: &[u8], keeps: bool) -> Vec<u8> {
    let (reason, length) = (reason(status), body.len());
    let connection = if keeps { "keep-alive" } else { "close" };
    let head = format!(
        "HTTP/1.1 {status} {reason}\r\n{headers}\r\nContent-Length: {length}\r\nConnection: {connection}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_request_after_the_other() {
        let bytes = b"POST / HTTP/1.1\r\nX-Username: a\r\ncontent-length: 3\r\n\r\nabcPOST /x HTTP/1.0\r\n\r\n";
        let (mut stream, mut ahead) = (bytes.as_slice(), Vec::new());
        let Read::Request(first) = read(&mut stream, &mut ahead).await else { panic!("a request") };
        assert_eq!(
            (first.header("x-username"), first.body.as_slice(), first.keeps),
            (Some("a"), b"abc".as_slice(), true)
        );
        let Read::Request(second) = read(&mut stream, &mut ahead).await else { panic!("a request") };
        assert_eq!((second.path.as_str(), second.body.len(), second.keeps), ("/x", 0, false));
        assert_eq!(read(&mut stream, &mut ahead).await, Read::End);
    }

    #[tokio::test]
    async fn what_is_no_http_is_refused() {
        for (bytes, status) in [
            (b"GET\r\n\r\n".to_vec(), 400),
            (b"POST / HTTP/2\r\n\r\n".to_vec(), 400),
            (b"POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n".to_vec(), 400),
            (b"POST / HTTP/1.1\r\ncontent-length: 999999999\r\n\r\n".to_vec(), 413),
            (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n".to_vec(), 411),
            (vec![b'x'; LONGEST_HEAD + 1], 431),
        ] {
            assert_eq!(read(&mut bytes.as_slice(), &mut Vec::new()).await, Read::Bad(status));
        }
    }
}
