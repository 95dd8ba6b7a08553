//! The body of a SCIM PATCH: see `rollbook_scim::fuzz`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rollbook_scim::fuzz::fuzz_patch(bytes));
