//! LOGIN: who is there, and is there a place left.

use super::super::codes;
use super::super::span;
use super::{Answer, Command, Context, Object, Refusal, XmlForm, value};

/// Wrong passwords in a row that lock a login.
const ALLOWED: u32 = 10;

pub(super) const COMMAND: Command = Command {
    name: "login",
    action: "LOGIN",
    object: Object::Session,
    writes: false,
    is_free: true,
    xml: XmlForm {
        namespace: "global",
        element: "login",
        attributes: &[],
        children: &[value("global", "user", 1, "user"), value("global", "password", 1, "password")],
    },
    run,
};

fn run(context: &mut Context<'_>) -> Result<Answer, Refusal> {
    if !context.account.is_empty() {
        return Err(codes::SEMANTICS.with(["already logged in"]).into());
    }
    let fields = &context.request.fields;
    let user = fields.once("user").ok_or_else(|| codes::USER_ONCE.message())?;
    let password = fields.once("password").ok_or_else(|| codes::PASSWORD_ONCE.message())?;
    let failed = || Refusal::from(codes::LOGIN_FAILED.message());
    let id = context.state.account_of_user(user).ok_or_else(failed)?;
    let account = context.state.accounts.get_mut(&id).ok_or_else(failed)?;
    if account.guard.is_blocked(context.now) {
        return Err(codes::LOGIN_BLOCKED.message().into());
    }
    if account.password.expose() != password {
        account.guard.wrong(context.now, ALLOWED, span(context.options.login_block));
        return Err(failed());
    }
    account.guard.right();
    if !account.sessions.open(context.session, context.now, context.options.sessions) {
        return Err(codes::TOO_MANY_SESSIONS.message().into());
    }
    Ok(Answer { login: Some(id), ..Answer::success() })
}
