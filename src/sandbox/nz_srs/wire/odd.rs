//! Answers as they come from many hands: the same data, written as captures and older versions have it.

use super::super::super::dice::Dice;
use super::super::{NzOptions, Quirk};
use super::tree::Element;

/// Quirks that say the same in another way; with the odd manner each answer has some of them.
const HARMLESS: &[Quirk] = &[Quirk::ShortOffsets, Quirk::PaddedText, Quirk::NoRows, Quirk::ZeroTerm];

/// The ways of one answer.
pub(in super::super) struct Ways(Vec<Quirk>);

impl Ways {
    /// Those that are always there, and by chance some more.
    pub(in super::super) fn new(options: &NzOptions, dice: Option<&mut Dice>) -> Self {
        let mut ways: Vec<Quirk> = options.quirks.iter().copied().collect();
        if let Some(dice) = dice {
            ways.extend(HARMLESS.iter().filter(|_| dice.one_in(2)));
        }
        Self(ways)
    }

    pub(in super::super) fn has(&self, quirk: Quirk) -> bool {
        self.0.contains(&quirk)
    }

    /// Changes a document accordingly.
    pub(in super::super) fn apply(&self, element: &mut Element) {
        match element.name.as_str() {
            "Response" if self.has(Quirk::NoRows) => {
                element.attributes.retain(|(name, _)| !["Rows", "MoreRowsAvailable"].contains(&name.as_str()));
            }
            "Domain" if self.has(Quirk::ZeroTerm) => set(element, "Term", "0"),
            _ => {}
        }
        if self.has(Quirk::NoTransId) && element.attribute("Action") == Some("DomainTransfer") {
            element.attributes.retain(|(name, _)| name != "TransId");
        }
        if self.has(Quirk::ShortOffsets) {
            let short = element.attribute("TimeZoneOffset").map(|offset| offset.replace(':', ""));
            short.iter().for_each(|short| set(element, "TimeZoneOffset", short));
        }
        element.children.iter_mut().for_each(|child| self.apply(child));
    }
}

/// Another value for an attribute that is there.
pub(in super::super) fn set(element: &mut Element, name: &str, value: &str) {
    for (_, known) in element.attributes.iter_mut().filter(|(known, _)| known == name) {
        value.clone_into(known);
    }
}
