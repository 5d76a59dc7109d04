//! What is said of configurations with passwords where none belong, or that do not work.

use std::path::PathBuf;

use futures_util::future::join_all;

use crate::Outputs;
use crate::canary::Canary;
use crate::stage::{command, user_of, variable};

const CANARY: &str = "Canary9TypoHorse";

fn written(directory: &tempfile::TempDir, number: usize, text: &str) -> PathBuf {
    let path = directory.path().join(format!("{number}.toml"));
    std::fs::write(&path, text).unwrap();
    path
}

#[tokio::test]
async fn no_mistake_in_a_configuration_is_told_with_its_password() {
    let directory = tempfile::tempdir().unwrap();
    let (postgres, amqp) = (variable("REGISTRARD_TEST_DATABASE_URL"), variable("REGISTRARD_TEST_AMQP_URL"));
    let wrong = |url: &str| url.replace(&user_of(url).1, CANARY);
    let sqlite = format!("[store]\nurl = 'sqlite://{}/x.db'\n", directory.path().display());
    let secret = directory.path().join("secret");
    std::fs::write(&secret, format!("{CANARY}\nand more\n")).unwrap();
    let secret = secret.display();
    let texts = [
        format!("[store]\nurl = 'mysql://u:{CANARY}@127.0.0.1/db'"),
        format!("[store]\nurl = 'postgres://u:{CANARY}@127.0.0.1:1/db'"),
        format!("[store]\nurl = 'postgres://u:{CANARY}@127.0.0.1:99999/db'"),
        format!("[store]\nurl = 'postgres://u:{CANARY}@[half/db'"),
        format!("[store]\nurl = 'postgres://u:{CANARY}@127.0.0.1/db?sslmode={CANARY}'"),
        format!("[store]\nurl = '{}'", wrong(&postgres)),
        format!("[store]\nurl = \"postgres://u:{CANARY}@127.0.0.1/db"),
        format!("[store]\nurl = postgres://u:{CANARY}@127.0.0.1/db"),
        format!("[store]\nurl = 'postgres://u:{CANARY}@h/db'\nurl = 'postgres://u:{CANARY}@h/db'"),
        format!("[store]\npassword = '{CANARY}'"),
        format!("[store]\nmigrate = '{CANARY}'"),
        format!("[store]\npassword_file = ['{CANARY}']"),
        format!("[store]\nurl = 'postgres://127.0.0.1:1/db'\npassword_file = '{secret}'"),
        format!("[store]\nurl = 'postgres://u@127.0.0.1:1/db'\npassword_file = '{secret}'"),
        format!("{sqlite}parameter_keys_file = '{secret}'"),
        format!("{sqlite}\n[intake]\nopen = true\n[broker]\nurl = 'amqp://u:{CANARY}@127.0.0.1:1/%2f'"),
        format!("{sqlite}\n[intake]\nopen = true\n[broker]\nurl = 'amqp://u:{CANARY}@127.0.0.1:99999/%2f'"),
        format!("{sqlite}\n[intake]\nopen = true\n[broker]\nurl = 'http://u:{CANARY}@127.0.0.1:1/%2f'"),
        format!("{sqlite}\n[intake]\nopen = true\n[broker]\nurl = '{}'", wrong(&amqp)),
        format!("{sqlite}\n[accounts.A]\nregistry = 'denic-rri'\nuser = 'A'\npassword = '{CANARY}'"),
        format!("{sqlite}\n[accounts.A]\nregistry = 'denic-rri'\nuser = 'A'\npassword_file = '{secret}'"),
        format!(
            "{sqlite}\n[accounts.A]\nregistry = 'denic-rri'\naddress = 5\nuser = ['{CANARY}']\npassword_file = '{secret}'"
        ),
        format!(
            "{sqlite}\n[accounts.A.mail]\nkey_file = '{secret}'\npassphrase_file = '{secret}'\nfrom = 'a@b.example'"
        ),
    ];
    let mut outputs = Outputs::default();
    for (number, text) in texts.iter().enumerate() {
        let config = written(&directory, number, text);
        let commands: [&[&str]; 4] =
            [&["check-config"], &["check-config", "--output", "json"], &["serve"], &["jobs", "list"]];
        let said = commands.map(|arguments| {
            let config = &config;
            async move {
                let mut said = Outputs::default();
                let ended_well = command(&mut said, config, arguments, &[]).await;
                assert!(!ended_well || arguments != ["serve"], "{text}");
                said
            }
        });
        join_all(said).await.into_iter().for_each(|said| outputs.0.extend(said.0));
    }
    let config = written(&directory, texts.len(), &sqlite);
    let url = format!("postgres://u:{CANARY}@127.0.0.1:1/db");
    for variables in [
        ("REGISTRARD__STORE__URL", url.as_str()),
        ("REGISTRARD__STORE__PASSWORD", CANARY),
        ("REGISTRARD__STORE__MIGRATE", CANARY),
        ("REGISTRARD__RETRY__SOON", CANARY),
    ] {
        for arguments in [&["check-config"][..], &["jobs", "list"]] {
            command(&mut outputs, &config, arguments, &[variables]).await;
        }
    }
    outputs.assert_clean(&[Canary::new("a password in a wrong place", CANARY)]);
}
