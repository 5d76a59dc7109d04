//! Rules for single values; whole jobs are in `tests/wire/rrp.rs`.

use serde_json::{Map, Value, json};

use super::*;

fn params(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else { unreachable!("an object") };
    map
}

#[test]
fn names_go_out_in_ace_and_small_letters() {
    for (written, expected) in [
        ("EXAMPLE.com.", Some("example.com")),
        ("b\u{fc}cher.com", Some("xn--bcher-kva.com")),
        ("a.cc", Some("a.cc")),
        ("example.co.nz", None),
        ("example", None),
        ("example..com", None),
        ("exa_mple.com", None),
        ("192.0", None),
        ("xn--a-ecp.com.x", None),
    ] {
        let map = params(json!({ "domain": written }));
        let found = domain(&Params::new(&map, &["domain"]).unwrap());
        assert_eq!(found.as_deref().ok(), expected, "{written}");
    }
    assert_eq!(host("host", "NS1.Example.co.nz").as_deref(), Ok("ns1.example.co.nz"));
}

#[test]
fn addresses_stay_as_they_are_written_and_are_public() {
    let read = |value: Value| {
        let map = params(json!({ "address": value }));
        addresses(&Params::new(&map, &["address"]).unwrap(), "address", true)
    };
    assert_eq!(read(json!("10AA:0:0:00:8:800:200C:417A")).unwrap(), ["10AA:0:0:00:8:800:200C:417A"]);
    assert!(read(json!(["2001:db8::1", "2001:DB8:0::1"])).unwrap_err().reason.contains("twice"));
    for address in [
        "0.0.0.0",
        "10.0.0.1",
        "127.0.0.1",
        "169.254.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "ff02::1",
        "fd00::1",
        "fe80::1",
        "::ffff:c000:201",
    ] {
        let reject = read(json!(address)).unwrap_err();
        assert!(reject.reason.contains("public"), "{reject}");
    }
    for address in ["192.0.2.1", "198.41.1.11", "2001:db8::1"] {
        assert!(read(json!(address)).is_ok(), "whether it is reserved, the registry says");
    }
}

#[test]
fn the_year_of_expiry_is_taken_as_the_registry_wrote_it() {
    for value in ["2027", "2027-12-31", "2027-12-31 23:59:59", "2027-12-31 23:59:59.0", " 2027-12-31 23:59:59.000 "] {
        assert_eq!(year_of(value).as_deref(), Some("2027"), "{value}");
    }
    for value in ["27", "20277", "2027-13-01", "2027-12-31T23:59:59Z", "1827", "next year", "2027 ?"] {
        assert_eq!(year_of(value), None, "{value}");
    }
    let map = params(json!({ "expires": 2027 }));
    assert_eq!(expires(&Params::new(&map, &["expires"]).unwrap()).as_deref(), Ok("2027"));
}
