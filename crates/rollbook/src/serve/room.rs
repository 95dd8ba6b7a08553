//! How many connections this process can hold: the system allows only so many open files.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Open files that are for other things than connections: the book, its readers, the log, vendors.
const OTHER_FILES: u64 = 128;

/// Asks the system for room for `wanted` connections and says for how many there is.
pub(crate) fn connections_max(wanted: usize) -> usize {
    let needed = wanted as u64 + OTHER_FILES;
    let now = getrlimit(Resource::Nofile);
    if now.current.is_some_and(|current| current < needed) {
        let current = Some(now.maximum.map_or(needed, |most| most.min(needed)));
        // Where it is not granted there are as many places as before.
        let _ = setrlimit(Resource::Nofile, Rlimit { current, maximum: now.maximum });
    }
    let room = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let places = usize::try_from(room.saturating_sub(OTHER_FILES)).unwrap_or(wanted);
    wanted.min(places.max(1))
}
