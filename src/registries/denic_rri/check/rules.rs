//! The rules an account can loosen: those the registry documents without always keeping to them, and lists of its that
//! grow. Whatever the registry certainly refuses is no such rule and is always refused here.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::Reject;
use crate::model::request::Warning;

/// Most warnings about one job.
const MOST_WARNINGS: usize = 20;

/// What becomes of a job that breaks a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing.
    Off,
    /// It is taken, and its publisher warned.
    Warn,
    /// It is turned away.
    Refuse,
}

impl Level {
    /// The word in the settings.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Warn => "warn",
            Self::Refuse => "refuse",
        }
    }
}

/// A rule whose level an account's settings may change.
#[derive(Debug)]
pub struct Rule {
    /// Its name in the settings.
    pub name: &'static str,
    /// Its level if the settings do not say.
    pub level: Level,
    /// What it asks for.
    pub doc: &'static str,
}

macro_rules! rules {
    ($($constant:ident $name:literal $level:ident $doc:literal),+ $(,)?) => {
        $(#[doc = $doc] pub const $constant: &Rule = &Rule { name: $name, level: Level::$level, doc: $doc };)+
        /// All of them, in the order of the documentation.
        pub const RULES: &[&Rule] = &[$($constant),+];
    };
}

rules! {
    TEXT_ALPHABET "text_alphabet" Warn
        "Names, organisations, addresses and cities consist of Latin letters, digits, blanks, & - . and visible Latin-1.",
    POSTAL_CODE_ALPHABET "postal_code_alphabet" Warn
        "Postal codes consist of the letters A to Z, digits, blanks and hyphens.",
    EMAIL_ALPHABET "email_alphabet" Warn
        "E-mail addresses consist of the letters A to Z, digits, hyphens, dots and @.",
    DUMMY_PHONE "dummy_phone" Warn
        "A phone number is a real one, not zeros in place of one.",
    ADDRESS_LINES "address_lines" Warn
        "A contact has at most five lines of address.",
    ADDRESS_LINE_COMPLETE "address_line_complete" Warn
        "Each line of an address, not only one of them, could be an address by itself.",
    EVIDENCE_METHOD "evidence_method" Refuse
        "Evidence, method and claims of a verification stand together in the registry's list, which grows.",
    TRUST_FRAMEWORK "trust_framework" Refuse
        "The trust framework of a verification is the one the registry has.",
    IDN_LETTERS "idn_letters" Refuse
        "A domain has no other letters than a to z and the 93 further ones of .de.",
    OUTSIDE_ADDRESS "outside_address" Warn
        "Only name servers inside the domain come with addresses.",
    RESERVED_ADDRESS "reserved_address" Warn
        "Addresses in nsentry are none of those RFC 6890 reserves.",
    SEP_BIT "sep_bit" Warn
        "A key has the secure entry point bit: its flags are 257.",
    DNSKEY_ALGORITHM "dnskey_algorithm" Refuse
        "A key has an algorithm of the registry's list, which grows, and its base64 is padded.",
    KEY_LENGTH "key_length" Warn
        "A key of an elliptic curve has the length of its algorithm.",
}

/// The levels of an account: those of its settings, and for other rules their own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Levels(BTreeMap<&'static str, Level>);

impl Levels {
    /// The levels that settings name.
    ///
    /// # Errors
    /// Names the rule that does not exist, and those that do.
    pub fn of(settings: &BTreeMap<String, Level>) -> Result<Self, String> {
        let known = |(name, level): (&String, &Level)| match RULES.iter().find(|rule| rule.name == name.as_str()) {
            Some(rule) => Ok((rule.name, *level)),
            None => {
                let names: Vec<_> = RULES.iter().map(|rule| rule.name).collect();
                Err(format!("rules: there is no rule `{}`; there are {}", name.escape_debug(), names.join(", ")))
            }
        };
        settings.iter().map(known).collect::<Result<_, _>>().map(Self)
    }

    /// The level of a rule.
    pub fn level(&self, rule: &Rule) -> Level {
        self.0.get(rule.name).copied().unwrap_or(rule.level)
    }
}

/// What was found wrong with a job's parameters without turning it away.
#[derive(Debug, Default)]
pub struct Findings {
    levels: Levels,
    warnings: RefCell<Vec<Warning>>,
}

impl Findings {
    /// Judges by these levels.
    pub fn new(levels: &Levels) -> Self {
        Self { levels: levels.clone(), warnings: RefCell::default() }
    }

    /// Judges what a check of this rule found. Of many warnings the first 20 are kept.
    ///
    /// # Errors
    /// The rule was broken, and its level is to refuse.
    pub fn judge(&self, rule: &Rule, found: Result<(), Reject>) -> Result<(), Reject> {
        let Err(reject) = found else { return Ok(()) };
        match self.levels.level(rule) {
            Level::Off => Ok(()),
            Level::Refuse => Err(Reject { reason: format!("{} (rule `{}`)", reject.reason, rule.name), ..reject }),
            Level::Warn => {
                let mut warnings = self.warnings.borrow_mut();
                let field = reject.field.unwrap_or_default();
                // Two words of one text may break one rule; one warning says it.
                let is_new = !warnings.iter().any(|known| known.rule == rule.name && known.field == field);
                if is_new && warnings.len() < MOST_WARNINGS {
                    warnings.push(Warning { rule: rule.name, field, reason: reject.reason });
                }
                Ok(())
            }
        }
    }

    /// The warnings so far.
    pub fn warnings(&self) -> Vec<Warning> {
        self.warnings.borrow().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(of: &[(&str, Level)]) -> Result<Levels, String> {
        Levels::of(&of.iter().map(|(name, level)| ((*name).to_owned(), *level)).collect())
    }

    #[test]
    fn settings_change_levels_and_unknown_rules_are_refused_by_name() {
        assert_eq!(Levels::default().level(DUMMY_PHONE), Level::Warn);
        assert_eq!(levels(&[("dummy_phone", Level::Off)]).unwrap().level(DUMMY_PHONE), Level::Off);
        let error = levels(&[("dumy_phone", Level::Off)]).unwrap_err();
        assert!(error.contains("`dumy_phone`") && error.contains("dummy_phone, address_lines"), "{error}");
        let names: std::collections::BTreeSet<_> = RULES.iter().map(|rule| rule.name).collect();
        assert_eq!(names.len(), RULES.len(), "two rules have one name");
    }

    #[test]
    fn a_broken_rule_is_passed_over_told_or_refused() {
        let broken = || Err(Reject::param("phone", "is a dummy"));
        for (level, told) in [(Level::Off, 0), (Level::Warn, 1)] {
            let findings = Findings::new(&levels(&[("dummy_phone", level)]).unwrap());
            findings.judge(DUMMY_PHONE, broken()).unwrap();
            findings.judge(DUMMY_PHONE, broken()).unwrap();
            findings.judge(DUMMY_PHONE, Ok(())).unwrap();
            assert_eq!(findings.warnings().len(), told, "{level:?}");
        }
        let findings = Findings::new(&levels(&[("dummy_phone", Level::Refuse)]).unwrap());
        let reject = findings.judge(DUMMY_PHONE, broken()).unwrap_err();
        assert!(reject.reason.contains("rule `dummy_phone`"), "{reject}");
        let findings = Findings::default();
        (0..100).for_each(|n| findings.judge(EMAIL_ALPHABET, Err(Reject::param(n, "x"))).unwrap());
        assert_eq!(findings.warnings().len(), MOST_WARNINGS);
    }
}
