//! The registry's events.
