//! SESSION: logs in, and may set another password.

use super::super::codes;
use super::super::reply::{Outcome, Reply};
use super::super::session::Stage;
use super::{Context, Effect, done};

pub(super) fn run(context: &mut Context<'_>) -> Outcome {
    let request = context.request;
    let account = context.state.accounts.get_mut(&request.name);
    let Some(account) = account.filter(|account| account.password == request.password) else {
        return Ok(context.session.refuse_login());
    };
    if account.sessions.len() >= context.options.sessions {
        context.session.stage = Stage::Over;
        return Ok(Reply::plain(codes::TOO_MANY));
    }
    account.sessions.insert(context.session.id);
    context.session.stage = Stage::Open(request.name.clone());
    if let Some(password) = &request.new_password {
        account.password = password.clone();
        context.effects.push(Effect { kind: "account.password", object: request.name.clone(), detail: None });
    }
    done()
}
