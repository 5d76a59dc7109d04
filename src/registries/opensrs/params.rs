//! A job's parameters.
