//! Objects that are being worked on: one writer each, or many that refer to it.

use std::collections::HashMap;

/// Who holds an object that is being worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// It is being changed.
    Exclusive,
    /// It is being referred to; several may do that at a time.
    Shared,
}

/// Objects being worked on: `None` while one is changed, else how many refer to it.
#[derive(Debug, Default)]
pub(crate) struct Holds(HashMap<String, Option<usize>>);

impl Holds {
    /// Takes hold of all the objects, or of none if one is in use.
    pub(crate) fn hold(&mut self, objects: &[(String, Access)]) -> bool {
        let is_free = |(name, access): &(String, Access)| match self.0.get(name) {
            None => true,
            Some(Some(_)) => *access == Access::Shared,
            Some(None) => false,
        };
        if !objects.iter().all(is_free) {
            return false;
        }
        for (name, access) in objects {
            let holders = self.0.get(name).copied().flatten().unwrap_or(0);
            self.0.insert(name.clone(), (*access == Access::Shared).then_some(holders + 1));
        }
        true
    }

    /// Lets go of objects.
    pub(crate) fn release(&mut self, objects: &[(String, Access)]) {
        for (name, _) in objects {
            match self.0.get(name).copied() {
                Some(Some(holders)) if holders > 1 => self.0.insert(name.clone(), Some(holders - 1)),
                _ => self.0.remove(name),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_writer_or_many_references() {
        let mut held = Holds::default();
        let write = [("a".to_owned(), Access::Exclusive)];
        let refer = [("b".to_owned(), Access::Exclusive), ("a".to_owned(), Access::Shared)];
        let refer_too = [("c".to_owned(), Access::Exclusive), ("a".to_owned(), Access::Shared)];
        assert!(held.hold(&refer) && held.hold(&refer_too) && !held.hold(&write));
        held.release(&refer);
        assert!(!held.hold(&write));
        held.release(&refer_too);
        assert!(held.hold(&write) && !held.hold(&refer));
        assert_eq!(held.0.len(), 1, "a refused hold leaves nothing behind");
    }
}
