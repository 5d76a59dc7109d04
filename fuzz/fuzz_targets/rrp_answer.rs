#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| registrard_fuzz::rrp_answer(bytes));
