//! RegAcc INFO: the profile of any account.

use super::super::codes;
use super::super::rules::regacc;
use super::super::shapes::regacc::RegAccInfo;
use super::{Answer, Command, Context, Object, Refusal, XmlForm, value};

pub(super) const COMMAND: Command = Command {
    name: "regacc.info",
    action: "INFO",
    object: Object::RegAcc,
    writes: false,
    is_free: false,
    xml: XmlForm {
        namespace: "regacc",
        element: "info",
        attributes: &[],
        children: &[value("regacc", "handle", 1, "regacc")],
    },
    run,
};

fn run(context: &mut Context<'_>) -> Result<Answer, Refusal> {
    let fields = &context.request.fields;
    let text = fields.once("regacc").ok_or_else(|| codes::REGACC_VALUE.message())?;
    let profile = regacc::profile(context.state, text).ok_or_else(|| codes::REGACC_VALUE.with([text]))?;
    Ok(Answer::data(RegAccInfo(profile)))
}
