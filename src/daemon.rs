//! Builds and connects everything; the only file that knows all parts.
