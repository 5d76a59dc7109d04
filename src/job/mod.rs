//! One job's life in five steps.
