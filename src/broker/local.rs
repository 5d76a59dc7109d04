//! The embedded default broker.
