//! DESCRIBE: the version of the protocol. It changes nothing and costs nothing, so idle sessions say it, too.

use super::super::codec::{self, Line, Request as Written};
use super::{Request, Rules};
use crate::model::params::Params;
use crate::model::{ObjectKey, Reject};

/// Asks for the protocol.
pub struct Describe;

impl Request for Describe {
    const VERB: &'static str = "describe";
    const PARAMS: &'static [&'static str] = &[];

    fn read(_: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        Ok(Self)
    }

    fn object(&self, rules: &Rules) -> ObjectKey {
        rules.account()
    }

    fn lines(self) -> Vec<Line> {
        vec![Line::option("Target", "Protocol")]
    }
}

/// The same for a session.
///
/// # Errors
/// None that can happen: there is nothing in it that could be wrong.
pub fn written() -> Result<zeroize::Zeroizing<Vec<u8>>, String> {
    codec::write(&Written { verb: Describe::VERB.to_owned(), lines: Describe.lines() })
}
