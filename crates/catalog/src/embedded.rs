//! The app files that this build carries, by id: every file of `apps/`, listed by `build.rs`.

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
