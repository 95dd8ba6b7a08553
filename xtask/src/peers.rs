//! Peers: other people's programs, installed from their packages and run beside the tests.
//!
//! Every script `tests/peers/*.sh` is a SCIM server that our client talks to, and every script
//! `tests/testers/*.sh` a suite that tries our own server. Bash runs it with a port and a folder; it installs
//! into the folder what is not there yet, then serves on `127.0.0.1:PORT`. It must `exec` the server
//! so that ending the process ends the server, and it prints a line `ready` once the server listens.
//! What it writes to standard error goes to `log.txt` in its folder.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How long a peer may still take to install and start once everything else waits for it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// How much of what a peer wrote last is shown when it does not come up, in lines.
const LAST_LINES: usize = 20;

/// Peers that were started. Dropping them stops them.
pub(crate) struct Peers {
    peers: Vec<Peer>,
}

struct Peer {
    name: String,
    port: u16,
    child: Child,
    lines: Receiver<String>,
    log: PathBuf,
}

impl Peers {
    /// Starts every peer of `folder` without waiting for it. Each gets a folder of its own in
    /// `home` to install into.
    pub(crate) fn start(folder: &Path, home: &Path) -> Result<Self> {
        let files = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        let mut scripts: Vec<PathBuf> = files.map(|file| file.path()).collect();
        scripts.retain(|path| path.extension().is_some_and(|end| end == "sh"));
        scripts.sort();
        let peers = scripts.iter().map(|script| Peer::start(script, home));
        Ok(Self { peers: peers.collect::<Result<_>>()? })
    }

    /// Waits until all of them answer, for no longer than `patience` all together.
    pub(crate) fn ready(self, patience: Duration) -> Result<Self> {
        let until = Instant::now() + patience;
        for peer in &self.peers {
            peer.ready(until)?;
        }
        Ok(self)
    }

    /// All of them as the tests are told: `name=url`, separated by spaces.
    pub(crate) fn told(&self) -> String {
        let told =
            self.peers.iter().map(|peer| format!("{}=http://127.0.0.1:{}", peer.name, peer.port));
        told.collect::<Vec<_>>().join(" ")
    }
}

impl Peer {
    fn start(script: &Path, home: &Path) -> Result<Self> {
        let name = script.file_stem().and_then(|stem| stem.to_str()).unwrap_or("peer").to_owned();
        let home = home.join(&name);
        std::fs::create_dir_all(&home)
            .with_context(|| format!("{} cannot be made", home.display()))?;
        let port = free_port()?;
        let log = home.join("log.txt");
        let errors =
            File::create(&log).with_context(|| format!("{} cannot be made", log.display()))?;
        let mut command = Command::new("bash");
        command.arg(script).stderr(errors);
        command.arg(port.to_string()).arg(&home).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command
            .spawn()
            .with_context(|| format!("bash could not be started for {}", script.display()))?;
        let output = child.stdout.take().context("the peer has no output")?;
        let (send, lines) = channel();
        // The output is read to its end, so that a peer that writes much never stands still.
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let _ = send.send(line);
            }
        });
        Ok(Self { name, port, child, lines, log })
    }

    fn ready(&self, until: Instant) -> Result<()> {
        let mut told = Vec::new();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) if line.trim() == "ready" => return Ok(()),
                Ok(line) => told.push(line),
                Err(RecvTimeoutError::Timeout) => bail!(self.failed("was not ready in time", told)),
                Err(RecvTimeoutError::Disconnected) => bail!(self.failed("ended by itself", told)),
            }
        }
    }

    /// What the peer wrote last, and what somebody can do.
    fn failed(&self, how: &str, mut told: Vec<String>) -> String {
        let Self { name, log, .. } = self;
        let errors = std::fs::read_to_string(log).unwrap_or_default();
        told.extend(errors.lines().map(str::to_owned));
        let last = told[told.len().saturating_sub(LAST_LINES)..].join("\n");
        let home = log.parent().unwrap_or(log);
        format!(
            "Stopped: the peer {name} {how}. It wrote last:\n{last}\n\
             All of its errors are in {}. To install it anew, remove {} and try it alone with \
             `cargo xtask peers true`. Installing needs the package registries; without them, \
             `cargo nextest run --workspace` leaves out what needs a peer and says so.",
            log.display(),
            home.display()
        )
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // A peer that is gone already is as stopped as it can be.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody listens on right now, and that nobody else was given: a peer binds it only once it
/// is installed.
fn free_port() -> Result<u16> {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").context("no port is free on 127.0.0.1")?;
        let port = listener.local_addr().context("the port is not known")?.port();
        if GIVEN.lock().unwrap_or_else(PoisonError::into_inner).insert(port) {
            return Ok(port);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder under the system's temporary one with one script in it.
    fn folder(name: &str, script: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("the temporary folder takes folders");
        std::fs::write(folder.join("echo.sh"), script).expect("and files");
        folder
    }

    #[test]
    fn a_peer_is_told_with_its_address_once_it_is_ready() {
        let folder = folder("peer-ready", "echo installing; echo ready; exec sleep 600");
        let started = Peers::start(&folder, &folder.join("home")).expect("it starts");
        let peers = started.ready(PATIENCE).expect("it says so");
        assert!(peers.told().starts_with("echo=http://127.0.0.1:"), "{}", peers.told());
        std::fs::remove_dir_all(&folder).expect("it is ours");
    }

    #[test]
    fn a_peer_that_ends_by_itself_is_reported_with_its_last_words() {
        let folder = folder("peer-ends", "echo no such package >&2");
        let started = Peers::start(&folder, &folder.join("home")).expect("it starts");
        let error = started.ready(PATIENCE).err().expect("it ended").to_string();
        assert!(error.contains("the peer echo ended by itself"), "{error}");
        assert!(error.contains("no such package"), "{error}");
        std::fs::remove_dir_all(&folder).expect("it is ours");
    }

    #[test]
    fn a_peer_that_never_gets_ready_is_given_up_with_its_last_words_and_what_to_do() {
        let folder =
            folder("peer-hangs", "echo step one; echo waiting for a lock >&2; exec sleep 600");
        let started = Peers::start(&folder, &folder.join("home")).expect("it starts");
        let log = folder.join("home/echo/log.txt");
        while std::fs::read_to_string(&log).map_or(0, |text| text.len()) == 0 {
            std::thread::yield_now();
        }
        let error = started.ready(Duration::from_millis(50)).err().expect("it hangs").to_string();
        assert!(error.contains("the peer echo was not ready in time"), "{error}");
        assert!(error.contains("step one\nwaiting for a lock\n"), "{error}");
        assert!(error.contains("cargo xtask peers true"), "{error}");
        std::fs::remove_dir_all(&folder).expect("it is ours");
    }
}
