//! Requests to OpenSRS: `tests/golden/opensrs` has jobs (`x.json`) and the reference's sample of the same request
//! (`x.sample.xml`). What we write must hold the same data, in whatever sequence; the reader here is another one than ours.

use std::path::{Path, PathBuf};

use quick_xml::Reader;
use quick_xml::events::Event;
use registrard::model::{Operation, Request};
use registrard::registries::{Dialect, WireOptions, opensrs};
use serde_json::{Map, Value, json};

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/opensrs")
}

pub fn load(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The names of the jobs.
fn jobs() -> Vec<String> {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let is_job = |name: &String| !name.contains('.');
    let mut jobs: Vec<_> =
        files.filter_map(|file| file.strip_suffix(".json").map(str::to_owned)).filter(is_job).collect();
    jobs.sort();
    jobs
}

fn job(name: &str) -> Request {
    serde_json::from_str(&load(&format!("{name}.json"))).unwrap()
}

pub fn dialect() -> std::sync::Arc<dyn Dialect> {
    let options = WireOptions { account: "myreseller".into(), ..WireOptions::default() };
    (opensrs::PLUGIN.dialect)(&options).unwrap()
}

/// Every value with the way to it: `dt_assoc attributes dt_assoc domain = example.com`. An item with nothing in it counts.
fn meaning(xml: &str) -> Vec<String> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    // For each open element its step, and how many values there were when it began.
    let (mut open, mut values): (Vec<(String, usize)>, Vec<String>) = (Vec::new(), Vec::new());
    let mut text = String::new();
    loop {
        let event = reader.read_event().unwrap();
        let is_text = matches!(event, Event::Text(_) | Event::GeneralRef(_));
        if !is_text {
            if !text.trim().is_empty() {
                let way: Vec<&str> = open.iter().map(|(step, _)| step.as_str()).collect();
                values.push(format!("{} = {text}", way.join(" ")));
            }
            text.clear();
        }
        match event {
            Event::Start(start) => {
                let key = start
                    .attributes()
                    .map(Result::unwrap)
                    .find(|attribute| attribute.key.local_name().as_ref() == "key");
                let step = key.map_or_else(|| start.local_name().as_ref().to_owned(), |key| key.value.to_string());
                open.push((step, values.len()));
            }
            Event::Text(part) => text.push_str(&part),
            Event::GeneralRef(name) => text.push_str(&format!("&{};", &*name)),
            Event::End(_) => {
                let way: Vec<&str> = open.iter().map(|(step, _)| step.as_str()).collect();
                let way = way.join(" ");
                let (_, before) = open.pop().unwrap();
                if before == values.len() {
                    values.push(format!("{way} is empty"));
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty(), "{xml}");
    values.sort();
    values
}

/// The value of an attribute, if there is one.
fn attribute<'a>(meaning: &'a [String], name: &str) -> Option<&'a str> {
    meaning.iter().find_map(|value| value.split_once(&format!(" {name} = ")).map(|(_, value)| value))
}

#[test]
fn every_request_means_what_the_references_sample_means() {
    let dialect = dialect();
    for name in jobs() {
        let theirs = meaning(&load(&format!("{name}.sample.xml")));
        let Request { operation, params, .. } = job(&name);
        let correlation = attribute(&theirs, "affiliate_id");
        let transaction = correlation.unwrap_or("rd-1");
        let prepared = match dialect.reads_first(operation, &params).unwrap() {
            Some(question) => question,
            None => dialect.prepare(operation, &params, transaction).unwrap(),
        };
        let mut ours = meaning(std::str::from_utf8(&prepared.bytes).unwrap());
        if correlation.is_none() {
            // Ours always has one, so that the order can be found again; the samples of RENEW leave it out.
            ours.retain(|value| !value.ends_with(" affiliate_id = rd-1"));
        }
        assert_eq!(ours, theirs, "{name}: left ours, right the sample");
        assert_eq!(prepared.transaction, None, "nothing of it comes back in the answer");
    }
}

#[test]
fn no_sample_is_without_a_job_and_no_job_without_a_sample() {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut samples: Vec<_> = files.filter_map(|file| file.strip_suffix(".sample.xml").map(str::to_owned)).collect();
    samples.sort();
    assert_eq!(jobs(), samples);
    assert_eq!(samples.len(), 39, "the reference has 39 requests");
    // Each operation is among them.
    let asked: Vec<Operation> = jobs().iter().map(|name| job(name).operation).collect();
    let missing: Vec<_> = opensrs::PLUGIN.operations.iter().filter(|operation| !asked.contains(operation)).collect();
    let made_up = [Operation::DomainAuthcodeCreate, Operation::HostCheck, Operation::HostInfo, Operation::Raw];
    assert_eq!(missing, made_up.iter().collect::<Vec<_>>(), "the reference has no sample of these");
}

#[test]
fn a_sample_as_a_request_of_ones_own_is_about_the_same_object_and_goes_out_as_it_is() {
    let dialect = dialect();
    for name in jobs() {
        let Request { operation, params, .. } = job(&name);
        let theirs = load(&format!("{name}.sample.xml"));
        let request = Map::from_iter([("request".to_owned(), json!(theirs))]);
        let raw = dialect.check(Operation::Raw, &request).unwrap();
        // A cookie stands for a domain that nobody else can tell.
        // A transfer is cancelled beside the transfer; of one's own it waits for its turn.
        if !params.contains_key("cookie") && name != "order_cancel_transfer" {
            assert_eq!(raw.object, dialect.check(operation, &params).unwrap().object, "{name}");
        }
        let prepared = dialect.prepare(Operation::Raw, &request, "rd-1").unwrap();
        assert_eq!(std::str::from_utf8(&prepared.bytes).unwrap(), theirs.trim(), "{name}");
        // What is written is read again as what it was.
        assert_eq!(prepared.operation.object(), operation.object(), "{name}");
    }
}

#[test]
fn the_meaning_sees_every_difference() {
    let sample = load("domain_renew.sample.xml");
    let whole = meaning(&sample);
    for (from, to) in
        [("2027", "2028"), ("key=\"period\"", "key=\"years\""), (">process<", "><"), ("dt_assoc", "dt_array")]
    {
        assert_ne!(meaning(&sample.replace(from, to)), whole, "{from}");
    }
    let swapped = sample.replace(
        "<item key=\"period\">1</item><item key=\"auto_renew\">0</item>",
        "<item key=\"auto_renew\">0</item> <item key=\"period\">1</item>",
    );
    assert!(swapped != sample && meaning(&swapped) == whole, "sequence means nothing");
    let Value::Object(params) = json!({"domain": "example.com", "expires": 2027, "years": 1, "auto_renew": true})
    else {
        unreachable!()
    };
    let ours = dialect().prepare(Operation::DomainRenew, &params, "rd-1").unwrap();
    assert_ne!(meaning(std::str::from_utf8(&ours.bytes).unwrap()), whole);
}
