//! A message of the queue in XML. Its element is named after its type, and inside it the same name means different words:
//! a handle is a contact, a holder or a domain, by the element around it. Names are compared without regard to case, as
//! several of them are known from tables only.

use super::super::tree::Block;
use super::super::words::{Section, Space, Word};
use super::element::Element;

/// What an element means, by its name and that of the element around it; the first row that fits counts.
const PLACES: &[(&str, &str, Word)] = &[
    ("domain", "handle", Word::Domain),
    ("domain", "ace", Word::DomainAce),
    ("holders", "handle", Word::Holder),
    ("earliestDomainForDedelegation", "verificationDeadline", Word::DeadlineBeforeDedelegation),
    ("earliestDomainForDeletion", "verificationDeadline", Word::DeadlineBeforeDeletion),
    ("", "handle", Word::Handle),
    ("", "status", Word::Status),
    ("", "expire", Word::Expire),
    ("", "authInfoExpire", Word::AuthInfoExpire),
    ("", "verificationDeadlineBeforeDedelegation", Word::DeadlineBeforeDedelegation),
    ("", "verificationDeadlineBeforeDeletion", Word::DeadlineBeforeDeletion),
    ("", "claim", Word::VerificationClaim),
    ("", "numberOfReferencedDomainsTotal", Word::DomainsTotal),
    ("", "new", Word::ChprovTo),
    ("", "old", Word::ChprovFrom),
];

/// Puts a message where K/V has it.
///
/// # Errors
/// A message inside it has no level.
pub fn fill(block: &mut Block, message: &Element) -> Result<(), String> {
    for (name, word) in [("msgcnt", Word::MsgCnt), ("msgtime", Word::MsgTime), ("msgid", Word::MsgId)] {
        block.fields.extend(message.attribute(name).map(|value| (word, value.trim().to_owned())));
    }
    let Some(kind) = message.children.iter().find(|child| child.space == Some(Space::Msg)) else { return Ok(()) };
    block.fields.push((Word::MsgType, kind.name.clone()));
    inside(block, kind)
}

fn inside(block: &mut Block, element: &Element) -> Result<(), String> {
    for child in &element.children {
        if child.name == "message" {
            block.messages.push(super::message(child)?);
        } else if let Some(section) = Section::of_xml(&child.name) {
            let mut inner = Block::new(section);
            inside(&mut inner, child)?;
            block.blocks.push(inner);
        } else if child.children.is_empty() {
            block.fields.extend(word(&element.name, &child.name).map(|word| (word, child.text.trim().to_owned())));
        } else {
            inside(block, child)?;
        }
    }
    Ok(())
}

fn word(around: &str, name: &str) -> Option<Word> {
    let fits = |(parent, known, _): &&(&str, &str, Word)| {
        known.eq_ignore_ascii_case(name) && (parent.is_empty() || parent.eq_ignore_ascii_case(around))
    };
    PLACES.iter().find(fits).map(|(_, _, word)| *word)
}
