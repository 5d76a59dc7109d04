//! What became of a request without an answer.
