//! CREATE-AUTHINFO2: the registry makes a password and sends it to the holders by letter. Anybody may order that for any
//! domain. The letter stands in the ledger of the sandbox.

use super::super::super::clock::Clock;
use super::super::codes;
use super::super::lifecycle;
use super::super::notice::Notice;
use super::super::shapes::authinfo::AuthInfoCreated;
use super::super::state::{AuthInfo, State, Status};
use super::super::{DenicOptions, Environment};
use super::domain_create_authinfo1::in_days;
use super::{Answer, Command, Context, DOMAIN_ACE, DOMAIN_HANDLE, Object, Refusal, XmlForm, target};

pub(super) const COMMAND: Command = Command {
    name: "domain.create_authinfo2",
    action: "CREATE-AUTHINFO2",
    object: Object::Domain,
    writes: true,
    is_free: false,
    xml: XmlForm {
        namespace: "domain",
        element: "createAuthInfo2",
        attributes: &[],
        children: &[DOMAIN_HANDLE, DOMAIN_ACE],
    },
    run,
};

/// How long the password lives.
const DAYS: i64 = 30;
/// Its length.
const LENGTH: usize = 16;
/// The characters of AuthInfos: none that looks like another.
const ALPHABET: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789+-/*";

fn run(context: &mut Context<'_>) -> Result<Answer, Refusal> {
    let mut domain = target::existing(context)?;
    target::allows(&domain, &[Status::Connect, Status::Failed, Status::RedemptionPeriod])?;
    if domain.authinfo2.as_ref().is_some_and(|authinfo| authinfo.is_live(context.now)) {
        return Err(codes::AUTHINFO2_EXISTS.message().into());
    }
    let (now, clock): (_, &Clock) = (context.now, context.clock);
    let ace = domain.name.ace.clone();
    let password = password(context.state, context.options);
    let expire = in_days(context, DAYS);
    domain.authinfo2 = Some(AuthInfo { hash: AuthInfo::hash_of(&password), expire });
    if domain.status == Status::RedemptionPeriod {
        // The holder shall have the time to use the letter.
        domain.release = Some(lifecycle::release(context.options.environment, context.state.seed, &ace, now, clock));
    }
    let notice = Notice { domain: Some(ace.clone()), ..Notice::new("authInfo2Notify") };
    let account = domain.account.clone();
    context.state.put_domain(domain, now);
    context.state.tell(&account, notice, now, clock);
    let created = AuthInfoCreated { expire: clock.wire(expire) };
    Ok(Answer { effect: Some(ace), detail: Some(password), ..Answer::data(created) })
}

/// The one that is set, the test environment's, or one that is the same in every run with the same seed and order.
fn password(state: &mut State, options: &DenicOptions) -> String {
    match (&options.authinfo2, options.environment) {
        (Some(fixed), _) => fixed.clone(),
        (None, Environment::Test) => "secret".into(),
        (None, Environment::Live) => {
            let digest = state.next_digest();
            let character = |byte: &u8| ALPHABET.get(usize::from(*byte) % ALPHABET.len()).map(|c| char::from(*c));
            digest.iter().take(LENGTH).filter_map(character).collect()
        }
    }
}
