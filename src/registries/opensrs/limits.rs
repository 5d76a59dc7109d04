//! The registry's limits on traffic.
