//! The commands, each with what it leaves behind.

use serde_json::json;

use super::client::*;

#[tokio::test]
async fn a_name_is_registered_once_and_can_be_read() {
    let world = World::new().await;
    world.expect("210", &domain("LOOKUP", "domain=example.com no_cache=1")).await;
    let reply = world.expect("200", &register("EXAMPLE.com", "f_lock_domain=1")).await;
    assert_eq!(reply.item("registration_code"), "200");
    assert_eq!(reply.item("admin_email"), "admin@example.org");
    assert!(reply.text().ends_with("Domain successfully locked."), "{}", reply.0);
    let order = reply.item("id");
    world.expect("211", &domain("LOOKUP", "domain=example.com")).await;
    let info = world.expect("200", &domain("GET", "domain=example.com type=all_info")).await;
    assert_eq!((info.item("affiliate_id").as_str(), info.item("sponsoring_rsp").as_str()), ("job-EXAMPLE.com", "1"));
    assert_eq!(info.item("registry_expiredate"), info.item("expiredate"));
    assert_eq!(info.items("name"), ["ns1.systemdns.com", "ns2.systemdns.com"]);
    let lock = world.expect("200", &domain("GET", "domain=example.com type=status")).await;
    assert_eq!(lock.item("lock_state"), "1");
    let orders = world.expect("200", &domain("GET_ORDERS_BY_DOMAIN", "domain=example.com type=new")).await;
    assert_eq!((orders.item("id"), orders.item("status")), (order.clone(), "completed".to_owned()));
    let detail = world.expect("200", &domain("GET_ORDER_INFO", &format!("order_id={order}"))).await;
    assert_eq!((detail.item("affiliate_id").as_str(), detail.item("cost").as_str()), ("job-EXAMPLE.com", "28.40"));
    assert!(!detail.0.contains("s3cretpw9"), "orders tell no secrets");
    let balance = world.expect("200", &command("GET_BALANCE", "BALANCE", "")).await;
    assert_eq!((balance.item("balance").as_str(), balance.item("hold_balance").as_str()), ("999971.60", "0.00"));

    let again = world.expect("485", &register("example.com", "")).await;
    assert!(!again.item("forced_pending").is_empty() && !again.is_success(), "{}", again.0);
    let ledger = world.sandbox.ledger();
    let effect = &ledger.effects[0];
    assert_eq!((effect.kind.as_str(), effect.object.as_str()), ("domain.create", "example.com"));
    assert_eq!(effect.ctid.as_deref(), Some("job-EXAMPLE.com"));
    assert_eq!(world.effects("domain.create").len(), 1);
    assert_eq!(world.effects("order.pending"), ["example.com"]);
    let theirs = world.ask_as(1, &domain("GET", "domain=example.com type=all_info")).await;
    assert_eq!(theirs.code(), "480");
    assert_eq!(world.ask_as(1, &domain("BELONGS_TO_RSP", "domain=example.com")).await.item("belongs_to_rsp"), "0");
    assert_eq!(world.ask(&domain("BELONGS_TO_RSP", "domain=example.com")).await.item("belongs_to_rsp"), "1");
}

#[tokio::test]
async fn fields_are_looked_at() {
    let world = World::new().await;
    for (words, code) in [
        ("period=11", "465"),
        ("reg_type=steal", "465"),
        ("reg_password=x", "465"),
        ("handle=maybe", "465"),
        ("custom_nameservers=1", "465"),
        ("custom_tech_contact=1", "460"),
        ("domain=-.com", "465"),
        ("premium_price_to_verify=3.00", "465"),
    ] {
        world.expect(code, &register("example.com", words)).await;
    }
    let no_contacts = domain("SW_REGISTER", "domain=example.com reg_type=new period=1");
    world.expect("460", &no_contacts).await;
    world.expect("200", &register("example.com", "")).await;
    world.expect("415", &register("example.net", "reg_password=another")).await;
    assert_eq!(world.effects("domain.create"), ["example.com"]);
}

#[tokio::test]
async fn the_year_guards_a_renewal() {
    let world = World::new().await;
    world.expect("200", &register("example.com", "period=1")).await;
    let before = world.ask(&domain("GET", "domain=example.com type=all_info")).await.item("registry_expiredate");
    let year: i32 = before[..4].parse().unwrap();
    let done = world.expect("200", &renew("example.com", &year.to_string())).await;
    let after = done.item("registration expiration date");
    assert_eq!(after, format!("{}{}", year + 1, &before[4..]));
    let again = world.expect("555", &renew("example.com", &year.to_string())).await;
    assert_eq!(again.text(), "Domain Already Renewed");
    world.expect("541", &renew("example.com", &(year - 1).to_string())).await;
    world.expect("541", &renew("example.com", &(year + 5).to_string())).await;
    world.expect("480", &renew("nowhere.com", &year.to_string())).await;
    let ledger = world.sandbox.ledger();
    let renewals: Vec<_> = ledger.effects.iter().filter(|effect| effect.kind == "domain.renew").collect();
    assert_eq!(renewals.len(), 1);
    assert_eq!(renewals[0].ctid.as_deref(), Some("again-example.com"));
    let orders = world.ask(&domain("GET_ORDERS_BY_DOMAIN", "domain=example.com type=renewal")).await;
    assert_eq!(orders.items("status"), ["completed"]);
}

#[tokio::test]
async fn horizon_says_465_and_does_not_redeem() {
    let options = registrard::sandbox::OpensrsOptions {
        system: registrard::sandbox::System::Horizon,
        ..registrard::sandbox::OpensrsOptions::default()
    };
    let world = World::with(options, &[]).await;
    world.expect("200", &register("example.com", "period=1")).await;
    let year = world.ask(&domain("GET", "domain=example.com type=all_info")).await.item("expiredate")[..4].to_owned();
    world.expect("200", &renew("example.com", &year)).await;
    let again = world.expect("465", &renew("example.com", &year)).await;
    assert_eq!(again.text(), "Domain Already Renewed");
    world.days(2 * 366 + 41).await;
    world.expect("400", &domain("REDEEM", "domain=example.com")).await;
}

#[tokio::test]
async fn saved_orders_are_processed_cancelled_or_replaced() {
    let world = World::new().await;
    let first = world.expect("200", &register("example.com", "handle=save")).await.item("id");
    world.expect("210", &domain("LOOKUP", "domain=example.com")).await;
    let second = world.expect("200", &register("example.com", "handle=save")).await;
    assert!(second.0.contains("cancelled_orders") && second.0.contains(&first), "{}", second.0);
    let second = second.item("id");
    let statuses = world.ask(&domain("GET_ORDERS_BY_DOMAIN", "domain=example.com")).await.items("status");
    assert_eq!(statuses, ["pending", "cancelled"]);
    let done = world.expect("200", &domain("PROCESS_PENDING", &format!("order_id={second}"))).await;
    assert!(done.0.contains("rwi_attributes") && done.item("order_id") == second, "{}", done.0);
    world.expect("211", &domain("LOOKUP", "domain=example.com")).await;
    world.expect("465", &domain("PROCESS_PENDING", &format!("order_id={second}"))).await;
    assert_eq!(world.effects("domain.create"), ["example.com"]);
    assert_eq!(world.effects("order.save").len(), 2);

    let third = world.expect("200", &register("example.net", "handle=save")).await.item("id");
    world.expect("200", &domain("PROCESS_PENDING", &format!("order_id={third} command=cancel"))).await;
    world.expect("200", &register("example.org", "handle=save")).await;
    let all = command("CANCEL_PENDING_ORDERS", "ORDER", &items("to_date=4102444800"));
    let cancelled = world.expect("200", &all).await;
    assert_eq!((cancelled.item("total").as_str(), cancelled.item("domain").as_str()), ("1", "example.org"));
    let revived = world.expect("200", &domain("PROCESS_PENDING", &format!("order_id={third}"))).await;
    assert_ne!(revived.item("order_id"), third, "a cancelled order is taken up by a new one");
    assert_eq!(world.effects("domain.create"), ["example.com", "example.net"]);
}

#[tokio::test]
async fn money_that_is_missing_leaves_a_pending_order() {
    let world = World::new().await;
    world.control("POST", "/accounts", &json!({ "account": "reseller1", "balance": 2000 })).await;
    let poor = world.expect("440", &register("example.com", "")).await;
    let order = poor.item("forced_pending");
    assert_eq!((order.clone(), poor.text()), (poor.item("id"), "Registration Failed: over quota.".to_owned()));
    world.expect("210", &domain("LOOKUP", "domain=example.com")).await;
    world.expect("440", &domain("PROCESS_PENDING", &format!("order_id={order}"))).await;
    world.control("POST", "/accounts", &json!({ "account": "reseller1", "balance": 3000 })).await;
    world.expect("200", &domain("PROCESS_PENDING", &format!("order_id={order}"))).await;
    assert_eq!(world.ask(&command("GET_BALANCE", "BALANCE", "")).await.item("balance"), "1.60");
    let ledger = world.sandbox.ledger();
    let create = ledger.effects.iter().find(|effect| effect.kind == "domain.create").unwrap();
    assert_eq!(create.ctid.as_deref(), Some("job-example.com"), "the order keeps its affiliate id");
}

#[tokio::test]
async fn everything_about_a_domain_can_be_changed_and_read_back() {
    let world = World::new().await;
    world.expect("200", &register("example.com", "")).await;
    let get = async |kind: &str| world.ask(&domain("GET", &format!("domain=example.com type={kind}"))).await;
    let modify =
        async |words: &str| world.ask(&domain("MODIFY", &format!("domain=example.com affect_domains=0 {words}"))).await;
    for (words, kind, key, value) in [
        ("data=expire_action auto_renew=0 let_expire=1", "expire_action", "let_expire", "1"),
        ("data=status lock_state=1", "status", "lock_state", "1"),
        ("data=whois_privacy_state state=enable", "whois_privacy_state", "state", "enabled"),
        ("data=domain_auth_info domain_auth_info=Ab1!code", "domain_auth_info", "domain_auth_info", "Ab1!code"),
        ("data=parkpage_state state=on", "status", "parkp_status", "1"),
    ] {
        let reply = modify(words).await;
        assert_eq!((reply.code().as_str(), reply.text().as_str()), ("200", "Modification successful."), "{words}");
        assert_eq!(get(kind).await.item(key), value, "{words}");
    }
    for (words, code) in [("", "460"), ("data=colour", "465"), ("data=status", "460"), ("data=nexus_info", "480")] {
        assert_eq!(modify(words).await.code(), code, "{words}");
    }
    let assign = item("op_type", "assign")
        + &item(
            "assign_ns",
            &format!("<dt_array>{}{}</dt_array>", item("0", "ns1.example.net"), item("1", "NS2.example.net")),
        );
    let name = item("domain", "example.com");
    let update = |rest: &str| command("ADVANCED_UPDATE_NAMESERVERS", "DOMAIN", &format!("{name}{rest}"));
    let reply = world.expect("200", &update(&assign)).await;
    assert_eq!(reply.text(), "Nameserver Update Successful.");
    assert_eq!(get("nameservers").await.items("name"), ["ns1.example.net", "ns2.example.net"]);
    let list = |host: &str| format!("<dt_array>{}</dt_array>", item("0", host));
    let change = |added: &str, removed: &str| {
        item("op_type", "add_remove") + &item("add_ns", &list(added)) + &item("remove_ns", &list(removed))
    };
    world.expect("200", &update(&change("ns3.example.net", "ns1.example.net"))).await;
    assert_eq!(get("nameservers").await.items("name"), ["ns2.example.net", "ns3.example.net"]);
    world.expect("485", &update(&change("ns3.example.net", "ns2.example.net"))).await;
    world.expect("480", &update(&change("ns4.example.net", "ns9.example.net"))).await;
    world.expect("435", &update(&change("ns1.fail.net", "ns2.example.net"))).await;
    let owner = item("types", &list("owner"))
        + &item(
            "contact_set",
            &format!("<dt_assoc>{}</dt_assoc>", item("owner", &contact("Olga", "olga@example.org"))),
        );
    let reply = world.expect("200", &command("UPDATE_CONTACTS", "DOMAIN", &format!("{name}{owner}"))).await;
    assert!(
        reply.0.contains("<item key=\"example.com\">") && reply.0.contains("Contact information updated"),
        "{}",
        reply.0
    );
    assert_eq!(get("owner").await.item("first_name"), "Olga");
    assert_eq!(world.effects("domain.change_holder"), ["example.com"]);
    assert_eq!(world.effects("domain.authcode_create"), ["example.com"]);
    assert_eq!(world.effects("domain.update").len(), 6);
}

#[tokio::test]
async fn hosts_live_below_their_domain() {
    let world = World::new().await;
    world.expect("200", &register("example.com", "")).await;
    let host =
        |action: &str, words: &str| command(action, "NAMESERVER", &items(&format!("domain=example.com {words}")));
    world
        .expect("480", &command("REGISTRY_CHECK_NAMESERVER", "NAMESERVER", &items("fqdn=ns1.example.com tld=.com")))
        .await;
    world.expect("200", &host("CREATE", "name=ns1.example.com ipaddress=192.0.2.53")).await;
    world
        .expect("212", &command("REGISTRY_CHECK_NAMESERVER", "NAMESERVER", &items("fqdn=ns1.example.com tld=.com")))
        .await;
    world.expect("485", &host("CREATE", "name=ns1.example.com ipaddress=192.0.2.53")).await;
    world.expect("460", &host("CREATE", "name=ns2.example.com")).await;
    world.expect("465", &host("CREATE", "name=ns2.example.com ipaddress=300.1.1.1")).await;
    let found = world.expect("200", &host("GET", "name=all")).await;
    assert_eq!((found.item("ipaddress").as_str(), found.item("can_delete").as_str()), ("192.0.2.53", "1"));
    world.expect("200", &host("MODIFY", "name=ns1.example.com new_name=dns.example.com ipaddress=192.0.2.54")).await;
    world.expect("480", &host("DELETE", "name=ns1.example.com ipaddress=192.0.2.53")).await;
    let assign = item("domain", "example.com")
        + &item("op_type", "assign")
        + &item("assign_ns", &format!("<dt_array>{}</dt_array>", item("0", "dns.example.com")));
    world.expect("200", &command("ADVANCED_UPDATE_NAMESERVERS", "DOMAIN", &assign)).await;
    let used = world.expect("485", &host("DELETE", "name=dns.example.com ipaddress=192.0.2.54")).await;
    assert_eq!(used.text(), "Nameserver in use.");
    world.expect("200", &command("REGISTRY_ADD_NS", "NAMESERVER", &items("fqdn=ns1.example.net tld=.org all=0"))).await;
    assert_eq!(world.effects("host.create"), ["ns1.example.com", "ns1.example.net"]);
}

#[tokio::test]
async fn a_cookie_stands_for_a_domain() {
    let world = World::new().await;
    world.expect("200", &register("example.com", "")).await;
    let set = |password: &str| {
        command("SET", "COOKIE", &items(&format!("domain=example.com reg_username=example01 reg_password={password}")))
    };
    world.expect("415", &set("wrong")).await;
    let cookie = world.expect("200", &set("s3cretpw9")).await.item("cookie");
    let reply = world.expect("200", &with_cookie("GET", "DOMAIN", &cookie, &items("type=nameservers"))).await;
    assert_eq!(reply.items("name").len(), 2);
    let lock = items("data=status affect_domains=1 lock_state=1");
    world.expect("200", &with_cookie("MODIFY", "DOMAIN", &cookie, &lock)).await;
    assert_eq!(world.domain("example.com").await["is_locked"], true);
    world.expect("435", &domain("MODIFY", "domain=example.com data=status affect_domains=1 lock_state=0")).await;
    world.expect("415", &with_cookie("GET", "DOMAIN", "1:2", &items("type=nameservers"))).await;
    world.expect("200", &with_cookie("DELETE", "COOKIE", &cookie, "")).await;
    world.expect("480", &with_cookie("DELETE", "COOKIE", &cookie, "")).await;
    assert!(world.sandbox.ledger().requests.iter().filter(|r| r.action == "cookie.set").all(|r| r.digest.is_none()));
}

#[tokio::test]
async fn prices_and_lists() {
    let world = World::new().await;
    let price =
        world.expect("200", &domain("GET_PRICE", "domain=example.com period=3 reg_type=renewal all_periods=1")).await;
    assert_eq!((price.item("price").as_str(), price.item("10").as_str()), ("42.60", "142.00"));
    let premium = world.expect("200", &domain("GET_PRICE", "domain=premium-gold.com")).await;
    assert_eq!((premium.item("price").as_str(), premium.item("is_registry_premium").as_str()), ("1500.00", "1"));
    let premium = register("premium-gold.com", "reg_type=premium period=1 premium_price_to_verify=1500.00");
    world.expect("200", &premium).await;
    for n in 0..3 {
        world.expect("200", &register(&format!("example{n}.com"), "period=1")).await;
    }
    let list = world
        .expect("200", &domain("GET_DOMAINS_BY_EXPIREDATE", "exp_from=2020-01-01 exp_to=2999-01-01 limit=3 page=1"))
        .await;
    assert_eq!((list.item("total").as_str(), list.item("remainder").as_str(), list.items("name").len()), ("4", "1", 3));
    let rest = world
        .expect("200", &domain("GET_DOMAINS_BY_EXPIREDATE", "exp_from=2020-01-01 exp_to=2999-01-01 limit=3 page=2"))
        .await;
    assert_eq!((rest.item("remainder").as_str(), rest.items("name").len()), ("0", 1));
}
