//! Passwords, switches, dates, raw requests, merges.

use serde_json::json;

use super::Table;

pub fn tables() -> Vec<Table> {
    let with_password = || json!({"domain": "example.de", "auth_info": "SupermanistSuper"});
    let passwords = || {
        vec![
            (json!({"auth_info": null}), "auth_info", "missing"),
            (json!({"auth_info": "short-7"}), "auth_info", "8 to 16"),
            (json!({"auth_info": "SupermanistSuper7"}), "auth_info", "8 to 16"),
            (json!({"auth_info": "Supermanist0"}), "auth_info", "I, O, l, o, 0 and 1"),
        ]
    };
    let mut expiry = passwords();
    expiry.extend([
        (json!({"expire": "tomorrow"}), "expire", "2026-12-24"),
        (json!({"expire": "2026-02-30"}), "expire", "2026-12-24"),
        (json!({"expire": "2020-01-01"}), "expire", "past"),
        (json!({"expire": "9999-12-31"}), "expire", "30 days"),
    ]);
    let raw = |text: &str| json!({ "request": text });
    vec![
        Table { operation: "domain.authcode_create", good: with_password(), bad: expiry },
        Table {
            operation: "domain.authcode_check",
            good: with_password(),
            bad: vec![
                (json!({"auth_info": null}), "auth_info", "missing"),
                (json!({"auth_info": "hot\nair"}), "auth_info", "control characters"),
                (json!({"auth_info": "x".repeat(256)}), "auth_info", "255"),
                (json!({"recursive": true}), "recursive", "unknown parameter"),
            ],
        },
        Table {
            operation: "domain.transit",
            good: json!({"domain": "example.de", "disconnect": false}),
            bad: vec![
                (json!({"disconnect": null}), "disconnect", "missing"),
                (json!({"disconnect": "perhaps"}), "disconnect", "true or false"),
                (json!({"deconnect": true}), "deconnect", "unknown parameter"),
            ],
        },
        Table {
            operation: "account.info",
            good: json!({}),
            bad: vec![
                (json!({"reg_acc": "ACME"}), "reg_acc", "7 to 13"),
                (json!({"reg_acc": "DENIC-MAX"}), "reg_acc", "DENIC-1000022"),
            ],
        },
        Table {
            operation: "domain.update",
            good: json!({"domain": "example.de", "merge": true, "nserver": ["ns1.example.net", "ns2.example.net"]}),
            bad: vec![
                (json!({"merge": "perhaps"}), "merge", "true or false"),
                (json!({"nserver": ["ns1.example.net"]}), "nserver", "2 to 13"),
                (json!({"nservers": ["ns1.example.net"]}), "nservers", "unknown parameter"),
            ],
        },
        Table {
            operation: "raw",
            good: raw("Version: 5.0\nAction: INFO\nDomain: example.de"),
            bad: vec![
                (json!({"request": null}), "request", "missing"),
                (raw("hello"), "request", ""),
                (raw("Version: 5.0\nAction: LOGIN\nUser: x\nPassword: y"), "request", "LOGIN"),
                (raw("Version: 5.0\nAction: LOGOUT"), "request", "LOGOUT"),
                (raw("Version: 5.0\nAction: DELETE\nDomain: example.de\nCtid: mine"), "request", "transaction"),
            ],
        },
        Table {
            operation: "message.delete",
            good: json!({"id": "b988dae0-ae64-11de-b15c-f1279ab97beb"}),
            bad: vec![(json!({"id": null}), "id", "missing")],
        },
    ]
}
