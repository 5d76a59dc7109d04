//! From the broker into the store.
