//! The language: parameters to bytes, bytes to answers, answers to verdicts.
