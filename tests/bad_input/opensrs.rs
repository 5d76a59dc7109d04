//! OpenSRS: what its guide, its codes (460, 465, 470) and its toolkits' checks say of fields. A change whose name begins with a
//! slash is at that place within the parameters.

use serde_json::{Value, json};

use super::{Row, Table};
use crate::params::{contact, registration, transfer, with};

fn names(field: &'static str) -> Vec<Row> {
    let named = |name: &str| json!({ field: name });
    vec![
        (json!({ field: null }), field, "missing"),
        (named("example"), field, "two labels"),
        (named("example.c0m"), field, "top-level domain"),
        (named("example.c"), field, "top-level domain"),
        (named("exa_mple.com"), field, "letters, digits and hyphens"),
        (named("-example.com"), field, "hyphen"),
        (named("192.0.2.1"), field, "not an address"),
        (named(&format!("{}.com", "a".repeat(64))), field, "63"),
        (named("example .com"), field, "letters, digits and hyphens"),
        (named(""), field, "empty"),
        (json!({ field: 7 }), field, "must be a text"),
        (json!({ "colour": "red" }), "colour", "unknown parameter"),
    ]
}

fn contacts() -> Vec<Row> {
    let mut rows: Vec<Row> = vec![
        (json!({ "contacts": null }), "contacts", "missing"),
        (json!({ "contacts": "Owen" }), "contacts", "must be an object"),
        (json!({ "/contacts/billing": null }), "contacts.billing", "missing"),
        (json!({ "/contacts/reseller": {} }), "contacts.reseller", "unknown parameter"),
        (json!({ "/contacts/owner/name": "Owen" }), "contacts.owner.name", "unknown parameter"),
        (json!({ "/contacts/owner/country": "Canada" }), "contacts.owner.country", "ISO 3166-1"),
        (json!({ "/contacts/owner/country": "UK" }), "contacts.owner.country", "ISO 3166-1"),
        (json!({ "/contacts/owner/email": "owner" }), "contacts.owner.email", "no @"),
        (json!({ "/contacts/owner/email": "o o@example.org" }), "contacts.owner.email", "no mailbox"),
        (json!({ "/contacts/owner/email": "owner@example" }), "contacts.owner.email", "no host"),
        (json!({ "/contacts/owner/lang_pref": "english" }), "contacts.owner.lang_pref", "two letters"),
        (json!({ "/contacts/owner/address1": "32 Oak St\nToronto" }), "contacts.owner.address1", "line ends"),
    ];
    // Too long, too short, without a sign, a point, a number; as people write them.
    for phone in ["416 555 0123", "+1.4165550123x12345", "+1.1234567890123", "+1234.5", "+1.", "+1", "1.4165550123"] {
        rows.push((json!({ "/contacts/owner/phone": phone }), "contacts.owner.phone", "+1.4165550123"));
    }
    rows.push((json!({ "/contacts/admin/fax": "none" }), "contacts.admin.fax", "+1.4165550123"));
    let fields = [
        ("/contacts/owner/first_name", "contacts.owner.first_name"),
        ("/contacts/owner/last_name", "contacts.owner.last_name"),
        ("/contacts/owner/org_name", "contacts.owner.org_name"),
        ("/contacts/admin/address1", "contacts.admin.address1"),
        ("/contacts/admin/city", "contacts.admin.city"),
        ("/contacts/admin/postal_code", "contacts.admin.postal_code"),
        ("/contacts/admin/country", "contacts.admin.country"),
        ("/contacts/billing/state", "contacts.billing.state"),
        ("/contacts/billing/phone", "contacts.billing.phone"),
        ("/contacts/billing/email", "contacts.billing.email"),
    ];
    rows.extend(fields.map(|(place, field)| (json!({ place: null }), field, "missing")));
    rows
}

fn profile() -> Vec<Row> {
    vec![
        (json!({ "username": null }), "username", "missing"),
        (json!({ "username": "me" }), "username", "3 to 20"),
        (json!({ "username": "x".repeat(21) }), "username", "3 to 20"),
        (json!({ "username": "m\u{e4}x" }), "username", "visible ASCII"),
        (json!({ "password": null }), "password", "missing"),
        (json!({ "password": "pw" }), "password", "3 to 20"),
        (json!({ "password": "x".repeat(21) }), "password", "3 to 20"),
        (json!({ "password": ["s3cretpw9"] }), "password", "must be a text"),
    ]
}

/// What a registration and a transfer have in common.
fn orders() -> Vec<Row> {
    let servers = |nserver: &[&str]| json!({ "nserver": nserver });
    let many: Vec<_> = (0..14).map(|n| format!("ns{n}.example.net")).collect();
    let own = vec![
        (servers(&["ns1.example.net"]), "nserver", "2 to 13"),
        (json!({ "nserver": many }), "nserver", "2 to 13"),
        (servers(&["ns1.example.net", "NS1.example.net."]), "nserver[1]", "twice"),
        (servers(&["ns1.example.net", "ns2"]), "nserver[1]", "two labels"),
        (servers(&["ns1.example.net", "192.0.2.53"]), "nserver[1]", "not an address"),
        (json!({ "registrant_ip": "192.0.2.256" }), "registrant_ip", "IPv4 or IPv6"),
        (json!({ "auto_renew": "yes" }), "auto_renew", "true or false"),
        (json!({ "lock": 1 }), "lock", "true or false"),
        (json!({ "privacy": "on" }), "privacy", "true or false"),
        (json!({ "parked": "Y" }), "parked", "true or false"),
        (json!({ "save": "save" }), "save", "true or false"),
        (json!({ "encoding_type": "GER" }), "encoding_type", "ASCII letters only"),
        (json!({ "comments": "x".repeat(257) }), "comments", "256"),
        (json!({ "reg_domain": "example" }), "reg_domain", "two labels"),
        (json!({ "tld_data": [] }), "tld_data", "must be an object"),
        (json!({ "tld_fields": { "colour": "red" } }), "tld_fields.colour", "unknown parameter"),
        (json!({ "affiliate_id": "mine" }), "affiliate_id", "unknown parameter"),
    ];
    [names("domain"), contacts(), profile(), own].concat()
}

fn registrations() -> Vec<Table> {
    let premium = with(registration("gold-1.com"), json!({ "reg_type": "premium", "premium_price": "1500.00" }));
    let idn = with(registration("b\u{fc}cher.com"), json!({ "encoding_type": "GER" }));
    let years = vec![
        (json!({ "years": null }), "years", "missing"),
        (json!({ "years": 0 }), "years", "from 1 to 10"),
        (json!({ "years": 11 }), "years", "from 1 to 10"),
        (json!({ "years": "1" }), "years", "from 1 to 10"),
        (json!({ "reg_type": "transfer" }), "reg_type", "must be one of"),
        (json!({ "auth_info": "Ab1!code" }), "auth_info", "unknown parameter"),
    ];
    let prices = ["1,500", "1500.0.0", "free", "-1.00", "1500.001"];
    let mut prices: Vec<Row> =
        prices.iter().map(|price| (json!({ "premium_price": price }), "premium_price", "1500.00")).collect();
    prices.push((json!({ "premium_price": null }), "premium_price", "missing"));
    let codes = vec![
        (json!({ "auth_info": "" }), "auth_info", "not empty"),
        (json!({ "auth_info": "hot\nair" }), "auth_info", "control characters"),
        (json!({ "change_contact": "yes" }), "change_contact", "true or false"),
        (json!({ "years": 2 }), "years", "unknown parameter"),
    ];
    let tag = ["german", "GE", "G\u{c4}"].iter().map(|tag| (json!({ "encoding_type": tag }), "encoding_type", "GER"));
    vec![
        Table { operation: "domain.create", good: registration("example.com"), bad: [orders(), years].concat() },
        Table { operation: "domain.create", good: premium, bad: prices },
        Table { operation: "domain.create", good: idn, bad: tag.collect() },
        Table { operation: "domain.transfer", good: transfer("example.net"), bad: [orders(), codes].concat() },
    ]
}

fn renewals() -> Table {
    let mut bad = names("domain");
    let expires = ["next year", "27", "2027-13-01", "2027-02-30", "2027-12-31T23:59:59Z", "12027", "1989"];
    bad.extend(expires.map(|expires| (json!({ "expires": expires }), "expires", "year or the date")));
    bad.extend([
        (json!({ "expires": null }), "expires", "missing"),
        (json!({ "years": null }), "years", "missing"),
        (json!({ "years": 0 }), "years", "from 1 to 10"),
        (json!({ "years": 11 }), "years", "from 1 to 10"),
        (json!({ "years": 1.5 }), "years", "from 1 to 10"),
        (json!({ "auto_renew": null }), "auto_renew", "missing"),
        (json!({ "auto_renew": "no" }), "auto_renew", "true or false"),
    ]);
    let good = json!({ "domain": "example.com", "expires": "2027-01-08 15:35:00", "years": 1, "auto_renew": false });
    Table { operation: "domain.renew", good, bad }
}

/// One change per job, each with its own rules.
fn changes() -> Vec<Table> {
    let of = |change: Value| with(json!({ "domain": "example.com" }), change);
    let update = |good: Value, bad: Vec<Row>| Table { operation: "domain.update", good: of(good), bad };
    let profile = || json!({ "username": "example01", "password": "s3cretpw9" });
    vec![
        update(
            json!({ "nserver": ["ns1.example.net", "ns2.example.net"] }),
            [
                names("domain"),
                vec![
                    (json!({ "nserver": [] }), "nserver", "name servers"),
                    (json!({ "nserver": ["ns1.example.net", "ns1.example.net"] }), "nserver[1]", "twice"),
                    (json!({ "lock": true }), "lock", "one job makes one change"),
                    (json!({ "username": "example01" }), "password", "missing"),
                    (json!({ "password": "s3cretpw9" }), "username", "missing"),
                    (json!({ "cookie": "a b" }), "cookie", "visible ASCII"),
                    (json!({ "merge": true }), "merge", "unknown parameter"),
                ],
            ]
            .concat(),
        ),
        update(
            json!({ "add_nserver": ["ns3.example.net"], "remove_nserver": ["ns1.example.net"] }),
            vec![
                (json!({ "remove_nserver": ["ns3.example.net"] }), "remove_nserver[0]", "stands in add_nserver, too"),
                (json!({ "add_nserver": [] }), "add_nserver", "1 to 13"),
                (json!({ "add_nserver": ["ns3"] }), "add_nserver[0]", "two labels"),
            ],
        ),
        update(
            json!({ "auto_renew": true, "let_expire": false }),
            vec![
                (json!({ "let_expire": true }), "let_expire", "either renewed or given up"),
                (json!({ "auto_renew": "no" }), "auto_renew", "true or false"),
            ],
        ),
        update(with(json!({ "lock": true }), profile()), vec![(json!({ "lock": "locked" }), "lock", "true or false")]),
        update(json!({ "privacy": true }), vec![(json!({ "privacy": "enable" }), "privacy", "true or false")]),
        update(json!({ "parked": true }), vec![(json!({ "parked": "on" }), "parked", "true or false")]),
        update(
            json!({ "resend_verification": true }),
            vec![(json!({ "resend_verification": false }), "resend_verification", "only be true")],
        ),
        update(
            json!({ "contacts": { "admin": contact("Ada") } }),
            vec![
                (json!({ "/contacts/admin/phone": "none" }), "contacts.admin.phone", "+1.4165550123"),
                (json!({ "/contacts/admin/city": null }), "contacts.admin.city", "missing"),
                (json!({ "contacts": {} }), "contacts", "must not be empty"),
            ],
        ),
        Table {
            operation: "domain.change_holder",
            good: of(json!({ "contacts": { "owner": contact("Olga") } })),
            bad: [
                names("domain"),
                vec![
                    (json!({ "contacts": { "admin": contact("Ada") } }), "contacts.admin", "there are owner"),
                    (json!({ "/contacts/owner/phone": "none" }), "contacts.owner.phone", "+1.4165550123"),
                    (json!({ "/contacts/owner/last_name": null }), "contacts.owner.last_name", "missing"),
                ],
            ]
            .concat(),
        },
        Table {
            operation: "domain.authcode_create",
            good: of(json!({ "auth_info": "Zk7!code" })),
            bad: [
                names("domain"),
                vec![
                    (json!({ "auth_info": null }), "auth_info", "missing"),
                    (json!({ "auth_info": "hot\nair" }), "auth_info", "control characters"),
                ],
            ]
            .concat(),
        },
        Table { operation: "domain.authcode_request", good: of(json!({})), bad: names("domain") },
        Table {
            operation: "domain.delete",
            good: of(json!({ "notes": "fraud case 118" })),
            bad: [names("domain"), vec![(json!({ "notes": "" }), "notes", "empty")]].concat(),
        },
        Table { operation: "domain.restore", good: of(json!({})), bad: names("domain") },
    ]
}

fn hosts() -> Vec<Table> {
    let host = json!({ "host": "ns1.example.com", "domain": "example.com", "address": ["192.0.2.53"] });
    let addresses = || {
        vec![
            (json!({ "address": [] }), "address", "missing"),
            (json!({ "address": ["192.0.2"] }), "address[0]", "IPv4 or IPv6"),
            (json!({ "address": ["192.0.2.1", "192.0.2.2"] }), "address[1]", "second of its kind"),
        ]
    };
    let known = json!({ "host": "ns1.example.net", "tld": ".org" });
    let new_name = vec![(json!({ "new_name": "dns1" }), "new_name", "two labels")];
    let german = json!({ "host": "ns1.example.de", "domain": "example.de", "address": ["192.0.2.53"] });
    let six = vec![(json!({ "address": ["2001:db8::1"] }), "address", "IPv4 address below .de")];
    vec![
        Table {
            operation: "host.create",
            good: host.clone(),
            bad: [names("host"), names("domain"), addresses()].concat(),
        },
        Table { operation: "host.create", good: german, bad: six },
        Table {
            operation: "host.create",
            good: known.clone(),
            bad: vec![
                (json!({ "tld": "o" }), "tld", "top-level domain"),
                (json!({ "all": "yes" }), "all", "true or false"),
                (json!({ "address": ["192.0.2.1"] }), "address", "unknown parameter"),
            ],
        },
        Table { operation: "host.update", good: host.clone(), bad: [names("host"), addresses(), new_name].concat() },
        Table { operation: "host.delete", good: host.clone(), bad: [names("host"), addresses()].concat() },
        Table { operation: "host.check", good: known, bad: names("host") },
        Table {
            operation: "host.info",
            good: json!({ "host": "ns1.example.com", "domain": "example.com" }),
            bad: vec![
                (json!({ "domain": null }), "domain", "missing"),
                (json!({ "host": "ns1" }), "host", "two labels"),
                (json!({ "address": ["192.0.2.1"] }), "address", "unknown parameter"),
            ],
        },
    ]
}

fn questions() -> Vec<Table> {
    let of = |change: Value| with(json!({ "domain": "example.com" }), change);
    let transfers = json!({ "question": "transfers_in", "limit": 40, "page": 1, "order_from": "2026-01-01" });
    vec![
        Table {
            operation: "domain.check",
            good: of(json!({ "question": "price", "years": 2, "of": "renewal" })),
            bad: [
                names("domain"),
                vec![
                    (json!({ "question": "colour" }), "question", "must be one of"),
                    (json!({ "years": 11 }), "years", "from 1 to 10"),
                    (json!({ "of": "restore" }), "of", "must be one of"),
                ],
            ]
            .concat(),
        },
        Table {
            operation: "domain.info",
            good: of(json!({ "type": "all_info" })),
            bad: [
                names("domain"),
                vec![
                    (json!({ "type": "everything" }), "type", "must be one of"),
                    (json!({ "page": 1 }), "page", "goes with the type list only"),
                    (json!({ "question": 7 }), "question", "must be one of"),
                ],
            ]
            .concat(),
        },
        Table {
            operation: "domain.info",
            good: of(transfers.clone()),
            bad: vec![
                (json!({ "limit": 41 }), "limit", "from 1 to 40"),
                (json!({ "status": "lost" }), "status", "must be one of"),
                (json!({ "order_from": "2026-02-30" }), "order_from", "must be a day"),
                (json!({ "order_from": "2031-01-01" }), "order_from", "after 2030"),
                (json!({ "gaining_registrar": "x" }), "gaining_registrar", "losing_registrar"),
            ],
        },
        Table {
            operation: "account.info",
            good: json!({ "question": "expiring", "from": "2026-01-01", "to": "2026-12-31", "page": 1, "limit": 40 }),
            bad: vec![
                (json!({ "from": null }), "from", "missing"),
                (json!({ "to": "2026-02-30" }), "to", "must be a day"),
                (json!({ "to": "31.12.2026" }), "to", "must be a day"),
                (json!({ "to": "2025-12-31" }), "to", "before `from`"),
                (json!({ "domain": "example.com" }), "domain", "unknown parameter"),
            ],
        },
        Table {
            operation: "account.info",
            good: transfers,
            bad: vec![(json!({ "limit": 0 }), "limit", "from 1 to 40")],
        },
    ]
}

fn kept_orders() -> Vec<Table> {
    let numbers = || {
        vec![
            (json!({ "order": null }), "order", "missing"),
            (json!({ "order": "12a" }), "order", "digits only"),
            (json!({ "order": "1".repeat(21) }), "order", "digits only"),
        ]
    };
    let order = json!({ "order": 3_735_283 });
    let flag = vec![(json!({ "transfer": "yes" }), "transfer", "true or false")];
    let transfer = with(order.clone(), json!({ "transfer": true }));
    let both = vec![(json!({ "domain": "example.net" }), "domain", "not both")];
    let message = json!({ "id": "6887c7d3838dcaec7517c531df527bb7" });
    vec![
        Table { operation: "order.info", good: order.clone(), bad: numbers() },
        Table { operation: "order.process", good: order.clone(), bad: [numbers(), flag.clone()].concat() },
        Table { operation: "order.cancel", good: order, bad: [numbers(), flag].concat() },
        Table { operation: "order.cancel", good: transfer, bad: [numbers(), both].concat() },
        Table {
            operation: "order.cancel",
            good: json!({ "all_until": "2026-01-15T00:00:00Z", "status": ["pending"] }),
            bad: vec![
                (json!({ "all_until": 2026 }), "all_until", "must be an instant"),
                (json!({ "all_until": 1_768_435_200_000_u64 }), "all_until", "must be an instant"),
                (json!({ "all_until": "tomorrow" }), "all_until", "must be an instant"),
                (json!({ "status": ["completed"] }), "status[0]", "must be one of"),
                (json!({ "status": ["pending", "pending"] }), "status[1]", "twice"),
                (json!({ "domain": "example.com" }), "domain", "unknown parameter"),
            ],
        },
        Table {
            operation: "message.read",
            good: json!({ "limit": 100 }),
            bad: vec![
                (json!({ "limit": 0 }), "limit", "from 1 to 100"),
                (json!({ "limit": 101 }), "limit", "from 1 to 100"),
            ],
        },
        Table {
            operation: "message.delete",
            good: message,
            bad: vec![(json!({ "id": null }), "id", "missing"), (json!({ "id": "a b" }), "id", "visible ASCII")],
        },
    ]
}

fn raw() -> Table {
    let text = |items: &str| {
        json!({ "request": format!(
            "<OPS_envelope><header/><body><data_block><dt_assoc>{items}</dt_assoc></data_block></body></OPS_envelope>"
        ) })
    };
    let words = |action: &str, object: &str| {
        text(&format!(
            "<item key='protocol'>XCP</item><item key='action'>{action}</item><item key='object'>{object}</item>"
        ))
    };
    let bad = vec![
        (json!({ "request": null }), "request", "missing"),
        (json!({ "request": "hello" }), "request", ""),
        (json!({ "request": "<OPS_envelope>" }), "request", ""),
        (text("<item key='action'>GET</item>"), "request", "protocol, action and object"),
        (words("quit", "session"), "request", "sessions are opened and closed"),
        (words("AUTHENTICATE", "USER"), "request", "sessions are opened and closed"),
        (json!({ "request": "<!DOCTYPE a [<!ENTITY b 'c'>]><OPS_envelope>&b;</OPS_envelope>" }), "request", ""),
        (json!({ "registrant_ip": "192.0.2.10" }), "registrant_ip", "in the request itself"),
        (json!({ "domain": "example.com" }), "domain", "unknown parameter"),
    ];
    Table { operation: "raw", good: words("GET_BALANCE", "BALANCE"), bad }
}

pub fn tables() -> Vec<Table> {
    let tables = [registrations(), vec![renewals()], changes(), hosts(), questions(), kept_orders(), vec![raw()]];
    tables.into_iter().flatten().collect()
}
