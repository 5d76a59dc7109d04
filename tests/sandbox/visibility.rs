//! What a domain INFO shows to whom.

use registrard::sandbox::DenicOptions;

use crate::client::World;
use crate::twin::{FORMATS, Session, data, furnish, person};

const PASSWORD: &str = "SupermanistSuper";
const HASH: &str = "ef8bf1d2f0bb3ae861d808befa200fa83ad1bd50d47b29b2fd8d790e5d3dd616";
const BLOCK: &str = "\n[VerificationInformation]\nVerifiedClaim: email\nVerificationResult: success\n\
    VerificationReference: REFERENCE\nVerificationTimestamp: 2023-11-11T15:36:21+02:00\n\
    VerificationEvidence: email_ver_transaction_log\nVerificationMethod: reachability\nTrustFramework: de_denic";

/// What is looked for in the answers.
const TRACES: [(&str, &str); 10] = [
    ("handles", "DENIC-1000001-M"),
    ("deadlines", "eadlineBeforeDeletion"),
    ("template", "mailto:gr@example.net"),
    ("organisation", "Example GmbH"),
    ("person", "Max Mustermann"),
    ("result", "erificationResult"),
    ("reference", "REFERENCE"),
    ("details", "registrar@example.net"),
    ("date", "2030-07-15T00:00:00"),
    ("authinfo", "uthInfo"),
];

#[tokio::test]
async fn the_table_of_who_sees_what() {
    for is_xml in FORMATS {
        let world = World::today(DenicOptions::default()).await;
        let (mut one, mut two) = (Session::open(&world, 0, is_xml).await, Session::open(&world, 1, is_xml).await);
        furnish(&mut one, 0).await;
        let org = person(0, "MORG").replace("PERSON", "ORG").replace("Max Mustermann", "Example GmbH");
        one.done(&format!("Action: CREATE\n{org}{BLOCK}"), &[]).await;
        let text = data(0, "nisverificationrequired.de", "MAX").replace("\nGen", "\nHolder: DENIC-1000001-MORG\nGen");
        let codes = ["53000080013", "16350000040", "16350000041"];
        one.done(&format!("Action: CREATE\n{text}"), &codes).await;
        let password = format!("Domain: nisverificationrequired.de\nAuthInfoHash: {HASH}");
        one.done(&format!("Action: CREATE-AUTHINFO1\n{password}"), &[]).await;

        let plain = "Action: INFO\nDomain: nisverificationrequired.de";
        let (knows, deep) = (format!("\nAuthInfo: {PASSWORD}"), "\nRecursive: true");
        let results = if is_xml { "" } else { " result" };
        for (own, rest, wanted) in [
            (true, String::new(), "handles deadlines date authinfo".to_owned()),
            (
                true,
                deep.to_owned(),
                "handles deadlines template organisation person result reference details date authinfo".into(),
            ),
            (false, knows.clone(), "deadlines authinfo".into()),
            (false, knows + deep, "deadlines template organisation person result details authinfo".into()),
            (false, String::new(), "authinfo".into()),
            (false, deep.to_owned(), format!("template organisation{results} details authinfo")),
        ] {
            let session = if own { &mut one } else { &mut two };
            let answer = session.done(&format!("{plain}{rest}"), &[]).await.text;
            let seen: Vec<_> =
                TRACES.iter().filter(|(_, trace)| answer.contains(trace)).map(|(name, _)| *name).collect();
            assert_eq!(seen.join(" "), wanted, "own: {own}, asked with {rest:?}:\n{answer}");
            assert!(answer.contains("RegAccId") || answer.contains("regAccId"), "{answer}");
            assert!(answer.contains("ns1.example.net."), "{answer}");
        }
        // Older protocols know neither deadlines nor verification nor the date of registration.
        one.speak("4.0");
        let old = one.done(&format!("{plain}{deep}"), &[]).await.text;
        for new in ["eadlineBefore", "erificationResult", "egistrationDate", "hone", "[RegAcc]"] {
            assert!(!old.contains(new), "{new}\n{old}");
        }
        assert!(old.contains("egAccName"), "{old}");
    }
}
