//! The HTTPS transport.
