//! What the engine promises, tried from outside. One file per part; each is named here.
#![allow(clippy::unwrap_used, reason = "a test may stop where it cannot go on")]
#![allow(clippy::print_stderr, reason = "a test says what it was not asked to try")]

mod adoption;
mod agreement;
mod asking;
mod backup;
mod book;
mod browser;
mod browser_channel;
mod browser_job;
mod catalog_examples;
mod changes;
mod config;
mod delivery;
mod delivery_held;
mod delivery_kill;
mod delivery_policy;
mod delivery_scene;
mod disk_full;
mod erasing;
mod erasing_pushed;
mod evidence;
mod file_channel;
mod job;
mod kill;
mod leaving;
mod member;
mod nodes;
mod notices;
mod pace;
mod peer_job;
mod peer_probe;
mod peers;
mod period;
mod postgres;
mod presence;
mod probe;
mod probing;
mod push;
mod push_at_once;
mod push_kill;
mod push_names;
mod push_scene;
mod push_speed;
mod push_token;
mod rest_apply;
mod rest_auth;
mod rest_fake;
mod rest_job;
mod rest_observe;
mod scanning;
mod scene;
mod schedules;
mod scim_apply;
mod scim_observe;
mod scim_settings;
mod scim_wire;
mod source;
mod steering;
mod tasks;
mod traps;
mod trial;
mod windows;
mod workspace;

/// What a person reads of an error: the message and its hints, a line each.
fn said(error: &rollbook_engine::Error) -> String {
    let hints = error.hints.iter().map(|hint| format!("\n  {hint}"));
    format!("{error}{}", hints.collect::<String>())
}
