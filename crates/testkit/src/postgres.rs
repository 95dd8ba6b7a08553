//! A real Postgres server of its own for each test process, in a folder of its own, as the
//! unprivileged user `postgres` where the tests run as root. It ends with the process that started
//! it, also with one that was killed.

use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The superuser's name and password.
const USER: &str = "rollbook";
const PASSWORD: &str = "only-for-tests";

/// What starts a server and ends it with whoever holds the other end of standard input.
const SCRIPT: &str = r#"
dir=$1 bin=$2 port=$3 user=$4
printf '%s' "$5" >"$dir/password"
{
  "$bin/initdb" -D "$dir/data" -U "$user" --pwfile="$dir/password" --auth-local=trust \
    --auth-host=scram-sha-256 --encoding=UTF8 --locale=C --no-sync &&
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
    -keyout "$dir/data/server.key" -out "$dir/data/server.crt" -subj "/CN=rollbook test" \
    -addext basicConstraints=critical,CA:FALSE \
    -addext subjectAltName=IP:127.0.0.1 &&
  chmod 600 "$dir/data/server.key" &&
  printf "%s\n" fsync=off full_page_writes=off "port=$port" "listen_addresses='127.0.0.1'" ssl=on \
    "unix_socket_directories='$dir'" max_connections=60 shared_buffers=16MB \
    >>"$dir/data/postgresql.conf" &&
  "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 120 start
} >"$dir/made" 2>&1 && echo ready || cat "$dir/made" "$dir/log"
cat >/dev/null
"$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null 2>&1
rm -rf "$dir"
"#;

/// A running server.
#[derive(Debug)]
pub struct Postgres {
    dir: PathBuf,
    bin: PathBuf,
    port: u16,
    schemas: AtomicU32,
    /// Its standard input is what the server lives by.
    keeper: Child,
}

impl Postgres {
    /// The server of this process, started when it is first asked for.
    ///
    /// # Errors
    /// When Postgres is not installed or does not start; says why.
    pub fn shared() -> Result<&'static Self, &'static str> {
        static SHARED: OnceLock<Result<Postgres, String>> = OnceLock::new();
        SHARED.get_or_init(|| Self::start().map_err(|e| e.to_string())).as_ref().map_err(|e| &**e)
    }

    /// Starts a server.
    ///
    /// # Errors
    /// When Postgres is not installed or does not start.
    pub fn start() -> io::Result<Self> {
        let bin = programs()?;
        // A port that is free now may be taken when the server comes to it.
        let mut tries = free_ports().take(3);
        loop {
            let port = tries.next().ok_or_else(|| io::Error::other("no port is free"))?;
            match Self::start_at(&bin, port) {
                Err(taken) if taken.to_string().contains("Address already in use") => {}
                started => return started,
            }
        }
    }

    fn start_at(bin: &Path, port: u16) -> io::Result<Self> {
        let (dir, bin) = (folder()?, bin.to_owned());
        let mut keeper = as_postgres("sh");
        // What ends the tests as a group, such as Ctrl-C, must not end whoever cleans up after them.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut keeper, 0);
        let mut keeper = keeper
            .args(["-c", SCRIPT, "sh"])
            .args([&dir, &bin])
            .args([&port.to_string(), USER, PASSWORD])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut said = BufReader::new(keeper.stdout.take().expect("it is piped"));
        let mut first = String::new();
        said.read_line(&mut first)?;
        if first != "ready\n" {
            drop(keeper.stdin.take());
            said.read_to_string(&mut first)?;
            return Err(io::Error::other(format!("Postgres did not start: {first}")));
        }
        Ok(Self { dir, bin, port, schemas: AtomicU32::new(1), keeper })
    }

    /// The address over the socket file, which asks for no password.
    pub fn url(&self) -> String {
        format!("host={} port={} user={USER} dbname=postgres", self.dir.display(), self.port)
    }

    /// The address over TCP, for this user with this password.
    pub fn tcp_url(&self, user: &str, password: &str) -> String {
        format!("postgres://{user}:{password}@127.0.0.1:{}/postgres", self.port)
    }

    /// The superuser's name and password.
    pub fn superuser(&self) -> (&'static str, &'static str) {
        (USER, PASSWORD)
    }

    /// The certificate that the server shows, in PEM form. It is its own authority.
    pub fn certificate(&self) -> PathBuf {
        self.dir.join("data/server.crt")
    }

    /// The name of a schema that no other test of this process uses.
    pub fn fresh_schema(&self) -> String {
        format!("test_{}", self.schemas.fetch_add(1, Ordering::Relaxed))
    }

    /// Runs statements in a schema as the superuser. Returns how many rows the last one changed.
    ///
    /// # Errors
    /// What `psql` says.
    pub fn sql(&self, schema: &str, sql: &str) -> io::Result<usize> {
        let ran = Command::new(self.bin.join("psql"))
            .args(["--no-psqlrc", "--set=ON_ERROR_STOP=1", "--tuples-only", "--host"])
            .arg(&self.dir)
            .args(["--port", &self.port.to_string(), "--username", USER, "--dbname", "postgres"])
            .args(["--command", sql])
            .env("PGOPTIONS", format!("-c search_path={schema}"))
            .output()?;
        if !ran.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&ran.stderr).into_owned()));
        }
        let said = String::from_utf8_lossy(&ran.stdout);
        Ok(said.split_whitespace().last().and_then(|word| word.parse().ok()).unwrap_or(0))
    }

    /// Kills the server as a power cut would, and starts it again.
    ///
    /// # Errors
    /// When it does not start again.
    pub fn crash(&self) -> io::Result<()> {
        let restarted = as_postgres(self.bin.join("pg_ctl"))
            .arg("-D")
            .arg(self.dir.join("data"))
            .arg("-l")
            .arg(self.dir.join("log"))
            .args(["-m", "immediate", "-w", "-t", "120", "restart"])
            .current_dir("/")
            .output()?;
        match restarted.status.success() {
            true => Ok(()),
            false => Err(io::Error::other(String::from_utf8_lossy(&restarted.stdout).into_owned())),
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // The keeper goes when the server has gone; nobody waits longer than that.
        drop(self.keeper.wait());
    }
}

/// Ports that are free now, and below those that the system gives to whoever asks for any.
fn free_ports() -> impl Iterator<Item = u16> {
    let first = u16::try_from(std::process::id() % 12_000).unwrap_or(0);
    let is_free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    (0..12_000).map(move |next| 20_000 + (first + next) % 12_000).filter(is_free)
}

/// The folder with the newest server's programs.
fn programs() -> io::Result<PathBuf> {
    let version = |bin: &Path| {
        let name = bin.parent()?.file_name()?.to_str()?;
        name.parse::<u32>().ok()
    };
    let of_debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = of_debian.map(|entry| entry.path().join("bin")).max_by_key(|bin| version(bin));
    let on_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|bin| bin.join("initdb").is_file())
    };
    newest.filter(|bin| bin.join("initdb").is_file()).or_else(on_path).ok_or_else(|| {
        io::Error::new(io::ErrorKind::NotFound, "Postgres is not installed; see scripts/setup.sh")
    })
}

/// A program as a user whom Postgres does not refuse.
fn as_postgres(program: impl AsRef<std::ffi::OsStr>) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    command
}

fn is_root() -> bool {
    let asked = Command::new("id").arg("-u").output();
    asked.is_ok_and(|out| out.stdout.trim_ascii() == b"0")
}

/// A folder that is the server's user's alone.
fn folder() -> io::Result<PathBuf> {
    let made = as_postgres("mktemp").args(["-d", "/tmp/rollbook-postgres-XXXXXX"]).output()?;
    match made.status.success() {
        true => Ok(PathBuf::from(String::from_utf8_lossy(&made.stdout).trim())),
        false => Err(io::Error::other(String::from_utf8_lossy(&made.stderr).into_owned())),
    }
}
