//! A job's parameters, as the whole house reads them, and what an account makes of the rules they break.

use std::ops::Deref;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::check::rules::{Findings, Rule};
pub use crate::model::params::{missing, quoted, refuse};
use crate::model::request::Warning;
use crate::model::{Reject, params};

/// The parameters of a job, or an object inside them, and the rules that were found broken so far.
pub struct Params<'a> {
    read: params::Params<'a>,
    findings: Rc<Findings>,
}

impl<'a> Params<'a> {
    /// The parameters of a job; `names` are those the operation has. Every rule has its own level.
    ///
    /// # Errors
    /// There is another one.
    pub fn new(map: &'a Map<String, Value>, names: &[&str]) -> Result<Self, Reject> {
        Self::judged(map, names, Findings::default())
    }

    /// As `new`, with the levels an account gives to the rules.
    ///
    /// # Errors
    /// There is another parameter.
    pub fn judged(map: &'a Map<String, Value>, names: &[&str], findings: Findings) -> Result<Self, Reject> {
        Ok(Self { read: params::Params::new(map, names)?, findings: Rc::new(findings) })
    }

    /// Judges what a check of a rule found that the account may have loosened.
    ///
    /// # Errors
    /// The rule was broken, and its level is to refuse.
    pub fn judge(&self, rule: &Rule, found: Result<(), Reject>) -> Result<(), Reject> {
        self.findings.judge(rule, found)
    }

    /// The rules that were found broken and only warn.
    pub fn warnings(&self) -> Vec<Warning> {
        self.findings.warnings()
    }

    /// A list of objects, each with these names, judged together with what they are in.
    ///
    /// # Errors
    /// As [`params::Params::objects`].
    pub fn objects(&self, name: &str, names: &[&str]) -> Result<Vec<Params<'a>>, Reject> {
        let with = |read| Self { read, findings: Rc::clone(&self.findings) };
        Ok(self.read.objects(name, names)?.into_iter().map(with).collect())
    }
}

impl<'a> Deref for Params<'a> {
    type Target = params::Params<'a>;

    fn deref(&self) -> &Self::Target {
        &self.read
    }
}
