//! An open session, and how much of its connection is left where the registry allows only so many requests on one.

use crate::model::verdict::Judgement;
use crate::model::{Answer, Lost};
use crate::registries::{Prepared, Session};

/// A session that counts what is said on it.
pub(super) struct Open {
    session: Box<dyn Session>,
    /// Requests that may still be sent, the LOGOUT included.
    left: Option<u32>,
    /// It ended in the middle of a conversation.
    ran_out: bool,
}

/// What a piece of work may need, mostly: a question, the request made of its answer, and the LOGOUT after it.
const NEEDED: u32 = 3;

impl Open {
    /// A session just opened; its LOGIN was the first request.
    pub(super) fn new(session: Box<dyn Session>, most: Option<u32>) -> Self {
        Self { session, left: most.map(|most| most.saturating_sub(1)), ran_out: false }
    }

    /// Whether no further work should begin on it.
    pub(super) fn is_used_up(&self) -> bool {
        self.ran_out || self.left.is_some_and(|left| left < NEEDED)
    }

    /// Whether it ended in the middle of a conversation; it can still log out.
    pub(super) const fn ran_out(&self) -> bool {
        self.ran_out
    }

    fn count(&mut self) -> Result<(), Lost> {
        match &mut self.left {
            None => Ok(()),
            Some(left) if *left > 1 => {
                *left -= 1;
                Ok(())
            }
            // In the middle of a conversation; it goes on over the next connection.
            Some(_) => {
                self.ran_out = true;
                Err(Lost::NotSent("the connection is used up".into()))
            }
        }
    }

    /// See [`Session::exchange`].
    pub(super) async fn exchange(&mut self, request: &Prepared) -> Result<Answer, Lost> {
        self.count()?;
        self.session.exchange(request).await
    }

    /// See [`Session::keep_alive`].
    pub(super) async fn keep_alive(&mut self) -> Result<Judgement, Lost> {
        self.count()?;
        self.session.keep_alive().await
    }

    /// See [`Session::close`].
    pub(super) async fn close(self) {
        self.session.close().await;
    }
}
