//! Orders that count once: a registry carries them out only if what they bring about is not the case yet. So where an
//! earlier order has just brought it about, what is found there cannot be the effect of a later one.

use super::command::Operation;

/// What of an object an order decides about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Aspect {
    /// Whether, and how, it is there.
    Being,
    /// Whether somebody asks for it.
    Request,
    /// The password of whoever sponsors a domain.
    AuthInfo,
    /// The password that goes to a domain's holder by letter.
    Letter,
}

/// How it leaves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    There,
    Deleted,
    GivenBack,
    /// To another registrar.
    LetGo,
    Absent,
}

/// Orders that are refused where things are so already.
const ONCE: &[(Operation, Aspect, Left)] = &[
    (Operation::ContactCreate, Aspect::Being, Left::There),
    (Operation::HostCreate, Aspect::Being, Left::There),
    (Operation::HostDelete, Aspect::Being, Left::Deleted),
    (Operation::DomainCreate, Aspect::Being, Left::There),
    (Operation::DomainTransfer, Aspect::Being, Left::There),
    (Operation::DomainRestore, Aspect::Being, Left::There),
    (Operation::DomainDelete, Aspect::Being, Left::Deleted),
    (Operation::DomainTransit, Aspect::Being, Left::GivenBack),
    (Operation::DomainTransferApprove, Aspect::Being, Left::LetGo),
    (Operation::DomainTransferReject, Aspect::Request, Left::Absent),
    (Operation::DomainAuthcodeCreate, Aspect::AuthInfo, Left::There),
    (Operation::DomainAuthcodeDelete, Aspect::AuthInfo, Left::Absent),
    (Operation::DomainAuthcodeRequest, Aspect::Letter, Left::There),
];

/// What orders change beside what they are about.
const BESIDE: &[(Operation, Aspect, Left)] = &[
    (Operation::DomainCreate, Aspect::AuthInfo, Left::Absent),
    (Operation::DomainTransfer, Aspect::AuthInfo, Left::Absent),
    (Operation::DomainChangeHolder, Aspect::AuthInfo, Left::Absent),
    (Operation::DomainTransfer, Aspect::Letter, Left::Absent),
    (Operation::DomainChangeHolder, Aspect::Letter, Left::Absent),
];

/// Orders on the object of another one that decide about the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rivals {
    /// All of them.
    pub all: Vec<Operation>,
    /// Those after which the registry would refuse it.
    preclude: Vec<Operation>,
}

impl Rivals {
    /// Whether the order cannot have counted if this one was the last of them.
    #[must_use]
    pub fn precluded_by(&self, last: Operation) -> bool {
        self.preclude.contains(&last)
    }
}

impl Operation {
    /// Who decides about the same; `None` for an order that can be carried out again and again.
    #[must_use]
    pub fn rivals(self) -> Option<Rivals> {
        let (_, aspect, left) = ONCE.iter().find(|(operation, ..)| *operation == self)?;
        let of_object = |operation: Operation| operation.object() == self.object();
        let rows = || ONCE.iter().chain(BESIDE).filter(|row| row.1 == *aspect && of_object(row.0));
        Some(Rivals {
            all: rows().map(|row| row.0).collect(),
            preclude: rows().filter(|row| row.2 == *left).map(|row| row.0).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_order_of_the_same_kind_cannot_have_counted() {
        for (operation, ..) in ONCE {
            assert!(operation.writes());
            let rivals = operation.rivals().unwrap();
            assert!(rivals.precluded_by(*operation) && rivals.all.contains(operation), "{operation}");
            assert!(rivals.preclude.iter().all(|rival| rivals.all.contains(rival)));
        }
        assert_eq!(Operation::DomainUpdate.rivals(), None);
        assert_eq!(Operation::DomainChangeHolder.rivals(), None);
    }

    #[test]
    fn what_came_between_makes_it_possible_again() {
        let create = Operation::DomainCreate.rivals().unwrap();
        assert!(create.precluded_by(Operation::DomainTransfer) && create.precluded_by(Operation::DomainRestore));
        for between in [Operation::DomainDelete, Operation::DomainTransit, Operation::DomainTransferApprove] {
            assert!(create.all.contains(&between) && !create.precluded_by(between));
        }
        let password = Operation::DomainAuthcodeCreate.rivals().unwrap();
        assert!(password.all.contains(&Operation::DomainChangeHolder));
        assert!(!password.precluded_by(Operation::DomainChangeHolder));
    }
}
