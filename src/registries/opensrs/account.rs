//! One account: its settings, limits and the opening of sessions.
