//! Handing the e-mail to a server: both ways of TLS, a login, and everything that goes wrong.

use std::time::Duration;

use registrard::cli::exit::Exit;
use registrard::cli::output::Format;
use registrard::model::Cause;
use registrard::net::mail::Address;
use registrard::net::smtp::{Security, SendError, Server};

use crate::database::{Database, Kind};
use crate::gnupg::parts;
use crate::smtp::{Mood, Smtp};
use crate::stage::{config, delete, id, refused, registrard};

/// Long enough for a handshake of an unoptimised build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_sent_over_tls_with_a_login() {
    let database = Database::migrated(Kind::Sqlite).await;
    refused(&*database.store, &delete(), Cause::ByHand).await;
    for (tls, implicit) in [("starttls", false), ("implicit", true)] {
        let directory = tempfile::tempdir().unwrap();
        let server = Smtp::start(directory.path(), implicit, Mood::Fine).await;
        let password = directory.path().join("password");
        std::fs::write(&password, "battery staple\n").unwrap();
        let mail = format!(
            "[mail]\nhost = '127.0.0.1'\nport = {}\ntls = '{tls}'\nca_file = '{}'\nuser = 'desk'\npassword_file = '{}'\n",
            server.address.port(),
            server.ca_file.display(),
            password.display()
        );
        let config = config(directory.path(), "good.asc", &mail);
        let arguments = ["orders", "mail", &id().to_string(), "--send"];
        let ended = registrard(&arguments, &config, Some(&*database.store), Format::Json).await;
        assert_eq!(ended.how, Ok(()), "{tls}");
        assert_eq!(
            (&ended.json()["done"], &ended.json()["answer"]),
            (&"sent".into(), &"queued as 4711".into()),
            "{tls}"
        );

        let taken = server.taken();
        // \0desk\0battery staple
        assert_eq!(taken.login.as_deref(), Some("AGRlc2sAYmF0dGVyeSBzdGFwbGU="), "{tls}");
        let commands = taken.commands.join("\n");
        assert_eq!(commands.contains("STARTTLS"), !implicit, "{tls}: {commands}");
        for part in ["MAIL FROM:<desk@registrar.example>", "RCPT TO:<orders@registry.example>"] {
            assert!(commands.contains(part), "{tls}: {commands}");
        }
        let [mail] = taken.mails.as_slice() else { panic!("{tls}: {taken:?}") };
        let (signed, _) = parts(mail);
        assert!(signed.contains("Action: DELETE\r\nDomain: example.de\r\n"), "{tls}: {signed}");
        assert!(!format!("{}{}", ended.data, ended.talk).contains("staple"), "law 11");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_says_whether_it_may_have_been_sent() {
    type Wanted = fn(&SendError) -> bool;
    let not_sent: Wanted = |error| matches!(error, SendError::NotSent(_));
    let refused: Wanted = |error| matches!(error, SendError::Refused(_));
    let unknown: Wanted = |error| matches!(error, SendError::Unknown(_));
    let cases = [
        (Mood::Silent, Duration::from_millis(50), not_sent, "no answer within 50ms", 0),
        (Mood::Plain, PATIENCE, not_sent, "STARTTLS", 0),
        (Mood::RefusesLogin, PATIENCE, not_sent, "who are you?", 0),
        (Mood::RefusesReceiver, PATIENCE, refused, "no such user", 0),
        (Mood::Full, PATIENCE, refused, "no room left", 0),
        (Mood::HangsUp, PATIENCE, unknown, "may have taken it", 1),
    ];
    let (from, to) = (Address::read("desk@registrar.example").unwrap(), Address::read("x@registry.example").unwrap());
    for (mood, patience, wanted, part, mails) in cases {
        let directory = tempfile::tempdir().unwrap();
        let smtp = Smtp::start(directory.path(), false, mood).await;
        let login = Some(("desk".to_owned(), registrard::model::Secret::new("battery staple")));
        let port = smtp.address.port();
        let server = Server::new("127.0.0.1", port, Security::StartTls, Some(&smtp.ca_file), login, patience).unwrap();
        let error = server.send(&from, &to, b"Subject: x\r\n\r\ntext\r\n").await.unwrap_err();
        assert!(wanted(&error), "{mood:?}: {error:?}");
        assert!(error.to_string().contains(part) && !error.to_string().contains("staple"), "{mood:?}: {error}");
        let taken = smtp.taken();
        assert_eq!(taken.mails.len(), mails, "{mood:?}");
        let plain = taken.commands.iter().take_while(|command| *command != "STARTTLS").count();
        assert!(plain <= 1 || mood == Mood::Plain, "{mood:?}: nothing is said before TLS: {taken:?}");
        assert!(mood != Mood::Plain || taken.login.is_none(), "no password without TLS");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_cannot_be_trusted_or_reached_gets_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let (smtp, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let smtp = Smtp::start(smtp.path(), true, Mood::Fine).await;
    let stranger = Smtp::start(other.path(), true, Mood::Fine).await;
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let database = Database::migrated(Kind::Sqlite).await;
    refused(&*database.store, &delete(), Cause::ByHand).await;
    for (port, ca_file, part) in
        [(smtp.address.port(), &stranger.ca_file, "ertificate"), (closed.port(), &smtp.ca_file, "onnect")]
    {
        let mail =
            format!("[mail]\nhost = 'localhost'\nport = {port}\ntls = 'implicit'\nca_file = '{}'\n", ca_file.display());
        let config = config(directory.path(), "good.asc", &mail);
        let arguments = ["orders", "mail", &id().to_string(), "--send"];
        let ended = registrard(&arguments, &config, Some(&*database.store), Format::Table).await;
        assert_eq!((ended.failure().exit, ended.failure().code), (Exit::Unavailable, "mail_unavailable"));
        assert!(ended.failure().why.contains(part), "{:?}", ended.failure());
    }
    assert_eq!(smtp.taken().commands.len(), 0);
}
