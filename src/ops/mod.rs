//! Metrics, health, logs, service manager.
