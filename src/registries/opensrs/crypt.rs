//! The signature of HTTPS and the cipher of the TCP protocol.
