//! The browser as processes of its own: a driver, the browser that it starts, a fresh profile, and
//! somebody who cleans up whatever becomes of us.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::timeout;

use super::session::Sight;

/// How long the driver may take to say where it listens.
const STARTS_WITHIN: Duration = Duration::from_secs(20);

/// Where a browser finds the screen that somebody sits at.
const SCREEN: [&str; 4] = ["DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR"];

/// Reads the driver's process and waits until whoever holds the other end of its input is gone, however
/// that ended. Then ends the driver, and every process whose command line names the profile: the
/// browser makes groups and sessions of its own. Last, wipes the profile.
const WATCH: &str = r#"
read -r driver
cat >/dev/null
kill -KILL "$driver" 2>/dev/null
n=0
while [ -e "$1" ] && [ $n -lt 50 ]; do
  for process in /proc/[0-9]*; do
    [ "${process#/proc/}" = "$$" ] && continue
    grep -qsF -- "$1" "$process/cmdline" && kill -KILL "${process#/proc/}" 2>/dev/null
  done
  rm -rf -- "$1" 2>/dev/null || sleep 0.1
  n=$((n+1))
done
"#;

/// A driver of our own. Dropping it ends the driver and its browser, and wipes their profile.
#[derive(Debug)]
pub(super) struct Process {
    /// Where the driver listens.
    pub(super) address: String,
    /// The folder of the profile and of downloads; nobody else may read it.
    pub(super) profile: PathBuf,
    /// Closing it tells the watch that we are gone.
    _line: ChildStdin,
    _watch: Child,
    _driver: Child,
}

impl Process {
    /// Starts a driver on a free port of this machine.
    ///
    /// # Errors
    /// Why not, as a sentence without its end.
    pub(super) async fn start(driver: &Path, sight: Sight) -> Result<Self, String> {
        let profile = tempfile::Builder::new().prefix("rollbook-browser-").tempdir();
        let profile =
            profile.map_err(|cause| format!("no folder can be made for its profile: {cause}"))?;
        // From here on the watch wipes the folder, also if we are killed.
        let profile = profile.keep();
        let unstartable =
            |what: &str, cause: std::io::Error| format!("{what} cannot be started: {cause}");
        let mut watch = Command::new("sh")
            .args(["-c", WATCH, "rollbook-watch"])
            .arg(&profile)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|cause| unstartable("sh", cause))?;
        let mut line = watch.stdin.take().ok_or("sh has no input")?;
        let mut child = bare(driver, &profile, sight).spawn().map_err(|cause| {
            let what = format!("the driver {}", driver.display());
            unstartable(&what, cause)
        })?;
        let driver = child.id().ok_or("the driver ended at once")?;
        let told = line.write_all(format!("{driver}\n").as_bytes()).await;
        told.map_err(|cause| format!("the watch over the browser is gone: {cause}"))?;
        let output = child.stdout.take().ok_or("the driver has no output")?;
        let port = timeout(STARTS_WITHIN, port(output)).await;
        let port = port.ok().flatten().ok_or("the driver does not say where it listens")?;
        let address = format!("http://127.0.0.1:{port}");
        Ok(Self { address, profile, _line: line, _watch: watch, _driver: child })
    }
}

/// The driver with nothing of our environment, in which secrets may lie.
fn bare(driver: &Path, profile: &Path, sight: Sight) -> Command {
    let mut command = Command::new(driver);
    command.env_clear();
    if sight == Sight::Shown {
        let screen = SCREEN.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
        command.envs(screen);
    }
    command
        .arg("--port=0")
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", profile)
        .env("TMPDIR", profile)
        .env("LANG", "en_US.UTF-8")
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command
}

/// The port that the driver says it listens on. What it says after that is read away, so that it never
/// waits for a reader, nor ends for want of one.
async fn port(output: tokio::process::ChildStdout) -> Option<u16> {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let said = line
            .split_once("started successfully on port ")
            .map(|(_, port)| port.trim_end_matches('.'));
        if let Some(port) = said.and_then(|port| port.parse().ok()) {
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Some(port);
        }
    }
    None
}

/// Where the driver is on this machine: the first on the path.
pub(super) fn driver() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join("chromedriver")).find(|file| file.is_file())
}
