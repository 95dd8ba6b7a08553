//! The files of `apps/`, carried inside the program. A test compares this list with the folder.

/// Name and text of every app file, ordered by name.
pub(crate) const FILES: &[(&str, &str)] = &[
    ("apps/generic-file.toml", include_str!("../../../apps/generic-file.toml")),
    ("apps/generic-scim.toml", include_str!("../../../apps/generic-scim.toml")),
    ("apps/mindtickle.toml", include_str!("../../../apps/mindtickle.toml")),
];
