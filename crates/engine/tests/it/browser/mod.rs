//! The browser channel and real Chromium against the admin consoles of the testkit.

mod consoles;
mod faults;
mod full_disk;
mod kills;
mod office;
mod recording;
mod rounds;
mod scene;
mod secrets;
