//! An account's settings, as they stand in the configuration.
