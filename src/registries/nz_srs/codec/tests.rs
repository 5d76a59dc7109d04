use proptest::prelude::*;

use super::*;

fn text(root: &Element) -> String {
    String::from_utf8(write(root).unwrap().to_vec()).unwrap()
}

fn fault(document: &str) -> Fault {
    read(document.as_bytes()).unwrap_err()
}

#[test]
fn a_request_is_one_line_as_the_reference_has_it() {
    // The encoding test vector of 1.2, byte by byte.
    let whois = Element::new("Whois").with("DomainName", "example.co.nz").with("QryId", "q-1").with("FullResult", "0");
    let root = Element::new("NZSRSRequest").with("VerMajor", "8").with("VerMinor", "0").child(whois);
    let bytes = write(&root).unwrap();
    assert_eq!(bytes.len(), 117);
    let digest: String = {
        use sha2::{Digest, Sha256};
        Sha256::digest(&*bytes).iter().map(|byte| format!("{byte:02x}")).collect()
    };
    assert_eq!(digest, "2c4584bac3d748d1910a0620d48b7496376e1116e092edcd4c6883a62b68b191");
}

#[test]
fn what_is_no_visible_ascii_goes_out_as_a_number() {
    let root = Element::new("NZSRSRequest")
        .with("a", "Tāne <&\"> 'x'\r\n\t\u{1f600}")
        .child(Element::of_text("AuditText", "Māori ]]> &amp;"))
        .child(Element::new("Fax"));
    let written = text(&root);
    assert_eq!(
        written,
        "<NZSRSRequest a=\"T&#257;ne &lt;&amp;&quot;&gt; 'x'&#13;&#10;&#9;&#128512;\"><AuditText>M&#257;ori ]]&gt; \
         &amp;amp;</AuditText><Fax/></NZSRSRequest>"
    );
    assert_eq!(read(written.as_bytes()).unwrap().root, root);
    for (bad, part) in [("bell\u{7}", "U+0007"), ("\u{ffff}", "U+FFFF")] {
        let why = write(&Element::new("NZSRSRequest").child(Element::of_text("AuditText", bad))).unwrap_err();
        assert!(why.contains("AuditText") && why.contains(part), "{why}");
    }
    let deep = |levels| (1..levels).fold(Element::new("a"), |inner, _| Element::new("a").child(inner));
    assert!(write(&deep(DEEPEST)).is_ok() && write(&deep(DEEPEST + 1)).is_err());
}

#[test]
fn what_others_write_is_read() {
    for document in [
        "<NZSRSResponse VerMajor=\"8\"><Error ErrorId=\"X\"><Description>Signature is invalid</Description></Error></NZSRSResponse>",
        "\u{feff}\n<?xml version=\"1.0\"?>\n<!DOCTYPE NZSRSResponse SYSTEM \"protocol.dtd\">\n<NZSRSResponse VerMajor='8'>\n\
         <!-- more --><Error\n ErrorId='X'>\n<Description><![CDATA[\n  Signature is invalid \n]]></Description>\n</Error></NZSRSResponse>\n",
        "<NZSRSResponse VerMajor=\"&#56;\"><Error ErrorId=\"X\"><Description>Signature <![CDATA[is]]> &#x69;nvalid</Description></Error></NZSRSResponse>",
    ] {
        let read = read(document.as_bytes()).unwrap();
        assert!(read.is_lone_error(), "{document}");
        let error = read.root.get("Error").unwrap();
        assert_eq!(read.root.attribute("VerMajor"), Some("8"));
        assert_eq!(error.attribute("ErrorId"), Some("X"));
        assert_eq!(error.get("Description").unwrap().text, "Signature is invalid");
    }
    // Ids are copied byte for byte.
    let id = read(b"<SRSResponse><Response TransId=\" RenewDomains-2018-12-19 23:30:00 \"/></SRSResponse>").unwrap();
    assert_eq!(id.root.children[0].attribute("TransId"), Some(" RenewDomains-2018-12-19 23:30:00 "));
}

#[test]
fn only_a_single_error_at_the_top_may_be_unsigned() {
    for (inside, lone) in [
        ("<Error/>", true),
        ("", false),
        ("<Error/><Error/>", false),
        ("<Response><Error/></Response>", false),
        ("<Error/><Response/>", false),
        ("<Response/>", false),
    ] {
        let document = read(format!("<NZSRSResponse>{inside}</NZSRSResponse>").as_bytes()).unwrap();
        assert_eq!(document.is_lone_error(), lone, "{inside}");
    }
    assert!(!read(b"<NZSRSRequest><Error/></NZSRSRequest>").unwrap().is_lone_error());
}

#[test]
fn what_would_have_to_be_guessed_or_could_hurt_is_refused() {
    let good = "<NZSRSResponse><Response a='b'>x</Response></NZSRSResponse>";
    assert!(read(good.as_bytes()).is_ok());
    let wide: String = (0..65).map(|n| format!(" a{n}=''")).collect();
    for (document, part) in [
        (good.replace("</NZSRSResponse>", ""), "ends inside"),
        (good.replace("</Response>", "</Respons>"), "byte"),
        (format!("{good}{good}"), "second root"),
        (format!("{good}\0"), "character"),
        (format!("{good}x"), "outside"),
        (good.replace('x', "&company;"), "entity"),
        (good.replace('x', "&#1;"), "entity"),
        (good.replace("'b'", "'&company;'"), "byte"),
        (good.replace("'b'", "'&#1;'"), "byte"),
        (good.replace("'b'", "'b' a='c'"), "byte"),
        (format!("<!DOCTYPE NZSRSResponse SYSTEM 'protocol.dtd' [<!ENTITY a 'b'>]>{good}"), "document type"),
        (format!("<!DOCTYPE a><!DOCTYPE a>{good}"), "document type"),
        (format!("{good}<!DOCTYPE a>"), "document type"),
    ] {
        let why = fault(&document);
        assert!(matches!(&why, Fault::Malformed(what) if what.contains(part)), "{document}: {why}");
    }
    for (document, part) in [
        (good.replace("'b'", &format!("'b'{wide}")), "64 attributes"),
        (format!("<NZSRSResponse>{}", "<a>".repeat(100_000)), "within each other"),
        (format!("<NZSRSResponse>{}</NZSRSResponse>", "<a/>".repeat(200_001)), "200000 elements"),
        (good.replace('x', &"x".repeat(LONGEST)), "8388608"),
    ] {
        let why = fault(&document);
        assert!(matches!(&why, Fault::TooLarge(what) if what.contains(part)), "{why}");
    }
    for document in ["<html><body>503</body></html>", "", "  \n"] {
        assert!(matches!(fault(document), Fault::Foreign(_)), "{document}");
    }
    assert!(matches!(read(&[b'<', 0xff]).unwrap_err(), Fault::Malformed(_)));
}

#[test]
fn half_a_document_is_no_document() {
    let whole =
        "<NZSRSResponse a='&#257;'><Response b='c'><![CDATA[x]]><FeTimeStamp/></Response></NZSRSResponse>".as_bytes();
    for end in 0..whole.len() {
        assert!(read(&whole[..end]).is_err(), "{end}");
    }
    assert!(read(whole).is_ok());
}

fn elements() -> impl Strategy<Value = Element> {
    let name = || prop::sample::select(vec!["Domain", "Response", "Fax", "X"]);
    let value = || proptest::string::string_regex("[ -~\t\n\rāēŌ€\u{1f600}<>&\"']{0,12}").unwrap();
    let attributes = move || prop::collection::btree_map("[A-Z][a-z]{0,3}", value(), 0..4);
    let leaf = (name(), attributes(), value()).prop_map(|(name, attributes, text)| Element {
        attributes: attributes.into_iter().collect(),
        text: text.trim().to_owned(),
        ..Element::new(name)
    });
    leaf.prop_recursive(4, 32, 4, move |inner| {
        let children = prop::collection::vec(inner, 0..4);
        (name(), attributes(), children).prop_map(|(name, attributes, children)| Element {
            attributes: attributes.into_iter().collect(),
            children,
            ..Element::new(name)
        })
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_it_was(inside in elements()) {
        let root = Element::new("NZSRSRequest").with("VerMajor", "8").child(inside);
        let bytes = write(&root).unwrap();
        prop_assert!(bytes.iter().all(|byte| (b' '..=b'~').contains(byte)));
        prop_assert_eq!(&*write(&root).unwrap(), &*bytes);
        prop_assert_eq!(read(&bytes).unwrap().root, root);
    }

    #[test]
    fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in "<NZSRSResponse>[<>&;/a-z\"'= \\[\\]!-]{0,60}") {
        let _ = read(&bytes);
        let _ = read(cut.as_bytes());
    }
}
