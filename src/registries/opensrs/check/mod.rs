//! The rules for fields.
