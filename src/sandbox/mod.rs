//! The registries' server side, for demo and tests.
