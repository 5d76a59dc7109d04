//! NZ SRS: domains, handles and codes. Every write bears its `ActionId`, and the ledger has it beside each effect. A code (UDAI)
//! comes sealed in the event that tells it, and billing opens it.
//!
//! All names end in `.nz`, so that what goes wrong here only can name them.

mod orders;
mod scenes;

use std::path::Path;

use registrard::model::{JobId, Secret};
use registrard::net::seal::Keyring;
use registrard::sandbox::{EffectRecord, RequestRecord};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Account, Deed, Faults, KEY, Place, Registry, View, Weighted, job_of};

/// The registry.
#[derive(Debug)]
pub struct NzSrs;

impl Registry for NzSrs {
    fn name(&self) -> &'static str {
        "nz-srs"
    }

    /// Whoever is not logged in can have as many connections as he likes.
    fn sandbox(&self, _: usize) -> Vec<(&'static str, usize)> {
        Vec::new()
    }

    fn place(&self, ready: &Value) -> Place {
        let part = &ready["nz_srs"];
        let key = |account: Account| {
            let secret = std::fs::read_to_string(&account.secret).expect("the key of a registrar");
            Account { secret, ..account }
        };
        let accounts = super::accounts(part, ["registrar_id", "registrar_id", "secret_key"]);
        let url = part["url"].as_str().unwrap().trim_start_matches("https://");
        let (address, _) = url.split_once('/').expect("a path in the URL");
        Place { accounts: accounts.into_iter().map(key).collect(), addresses: vec![address.to_owned()] }
    }

    fn settings(&self, place: &Place, number: usize, at: &[String], ca: &str, secret: &str) -> String {
        let (user, at) = (&place.accounts[number].user, &at[0]);
        let registry = Path::new(ca).with_file_name("nz-srs").join("registry.asc");
        format!(
            "url = 'https://{at}/srs/registrar'\nregistrar_id = '{user}'\nenvironment = 'other'\nca_file = '{ca}'\n\
             keys = [{{ file = '{secret}' }}]\nregistry_keys = [{{ file = '{}' }}]\n",
            registry.display()
        )
    }

    fn limits(&self) -> &'static str {
        ""
    }

    /// Whatever arrives late bears the `ActionId` of the request that took its place, and is carried out once.
    fn questions(&self) -> (f64, u32) {
        (0.5, 1000)
    }

    fn faults(&self) -> &'static [Faults] {
        &[
            &["lie=UNDETERMINED_RESULT:object=*.nz,p=0.2", "lie=UNDETERMINED_RESULT:object=*.nz,effect=yes,p=0.2"],
            &["lie=INTERNAL_ERROR:object=*.nz,p=0.2", "lie=INTERNAL_ERROR:object=*.nz,effect=yes,p=0.2"],
            &["lie=LOCK_ERROR:object=*.nz,p=0.2", "lie=SYSTEM_ERROR:object=*.nz,p=0.2"],
            &["lie=SYSTEM_MAINTENANCE:object=*.nz,p=0.05", "lie=SYSTEM_READONLY:object=*.nz,p=0.05"],
            &["unsigned:p=0.1", "bad_signature:p=0.05"],
            &["http=503:p=0.1", "http=503:effect=yes,p=0.1", "http=200:effect=yes,p=0.05"],
            &["cut_after:action=message.*,p=0.3", "garbage:action=message.read,p=0.2"],
            &["cut_after:action=action.info,p=0.5", "cut_before:action=domain.renew,p=0.5"],
            &["cut_after:action=domain.transfer,p=0.5", "cut_after:action=domain.authcode_create,p=0.5"],
            &["delay=4500:action=domain.*,object=*.nz,p=0.2", "delay=4500:action=contact.*,p=0.2"],
        ]
    }

    fn is_suspended_by(&self, faults: Faults) -> bool {
        // A connection that is forgotten is answered like a bad signature.
        faults.iter().any(|fault| fault.contains("not_logged_in"))
    }

    fn scenes(&self) -> &'static [Weighted] {
        scenes::ALL
    }

    fn changes(&self) -> (&'static [Weighted], Faults) {
        (&[(1, scenes::changes)], &["cut_after:action=domain.update,p=0.3"])
    }

    /// The code that was answered, and until when the domain is paid for.
    fn complete(&self, message: &mut Value, to: Uuid, answer: &Value) {
        let keys = Keyring::read(&Secret::new(KEY)).expect("a key");
        let job: JobId = to.to_string().parse().expect("a job's id");
        let codes = keys.open_within(job, answer).expect("sealed for this job");
        let code = codes.iter().find(|(name, _)| name == "UDAI").map(|(_, code)| json!(code.expose()));
        let paid = answer.pointer("/data/Domain/BilledUntil").cloned();
        let put = |job: &mut Value| {
            for (name, value) in [("auth_info", &code), ("expires", &paid)] {
                if let Some(open @ Value::Null) = job["params"].get_mut(name) {
                    *open = value.clone().unwrap_or_else(|| panic!("an answer without {name}: {answer}"));
                }
            }
        };
        match message.get_mut("jobs").and_then(Value::as_array_mut) {
            Some(jobs) => jobs.iter_mut().for_each(put),
            None => put(message),
        }
    }

    fn deed(&self, effect: &EffectRecord, _: &View<'_>) -> Deed {
        if effect.kind == "message.delete" {
            return Deed::Removal;
        }
        // One without an id is nobody's: each write has one.
        let job = effect.ctid.as_deref().and_then(job_of).or(Some(Uuid::nil()));
        Deed::Of { kind: effect.kind.clone(), object: effect.object.clone(), job }
    }

    /// While the registry still works on a first request that nobody waited for any longer, the repetition finds its domain
    /// held; and what another registrar has just written there nobody knows.
    fn is_excused(&self, rule: &str, earlier: &RequestRecord, later: &RequestRecord) -> bool {
        let job = |request: &RequestRecord| request.ctid.as_deref().and_then(job_of);
        let is_met = earlier.account != later.account || (job(earlier).is_some() && job(earlier) == job(later));
        rule == "concurrent_write" && earlier.object.is_some() && earlier.object == later.object && is_met
    }

    fn waiting(&self, account: &Value) -> u64 {
        account["messages"].as_u64().unwrap_or(0)
    }

    fn told(&self, effects: &[&EffectRecord]) -> Vec<(&'static str, usize)> {
        let caused = |cause: &str| effects.iter().filter(|effect| effect.kind == cause).count();
        vec![
            ("domain_created", caused("domain.create")),
            ("udai_created", caused("domain.authcode_create")),
            ("transferred_away", caused("domain.transfer")),
        ]
    }
}
