//! What operators see and steer: metrics, health over HTTP, logs, the service manager, and being told to stop.

pub mod http;
pub mod logs;
pub mod metrics;
pub mod notify;
pub mod stop;
