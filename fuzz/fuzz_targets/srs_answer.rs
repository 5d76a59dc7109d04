#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| registrard_fuzz::srs_answer(bytes));
