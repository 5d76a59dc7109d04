//! LOGOUT: the place is free at once.

use super::{Answer, Command, Context, Object, Refusal, XmlForm};

pub(super) const COMMAND: Command = Command {
    name: "logout",
    action: "LOGOUT",
    object: Object::Session,
    writes: false,
    is_free: true,
    xml: XmlForm { namespace: "global", element: "logout", attributes: &[], children: &[] },
    run,
};

fn run(context: &mut Context<'_>) -> Result<Answer, Refusal> {
    let session = context.session;
    context.own_account()?.sessions.close(session);
    Ok(Answer { ends_session: true, ..Answer::success() })
}
