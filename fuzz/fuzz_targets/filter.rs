//! A SCIM filter: see `rollbook_scim::fuzz`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rollbook_scim::fuzz::fuzz_filter(bytes));
