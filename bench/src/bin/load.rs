//! Sends one kind of request to a server over and over and says how many were answered and how fast.
//! The order comes as JSON on standard input, see [`Order`]; the result goes to standard output.
//!
//! Each connection sends the next request when it has the answer to the last, so the load never
//! outruns the server. It does as little as it can itself, because it shares the machine with what
//! it measures.

#![forbid(unsafe_code)]

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout_at;

/// What is sent.
#[derive(Debug, Deserialize)]
struct Order {
    /// Host and port.
    address: String,
    connections: usize,
    seconds: f64,
    token: String,
    method: String,
    /// `{id}` stands for the next of `ids`, `{n}` for a running number.
    path: String,
    /// The body of the first pass over `ids`, of the second, and again the first.
    #[serde(default)]
    bodies: Vec<String>,
    #[serde(default)]
    ids: Vec<String>,
    /// The first running number.
    #[serde(default)]
    from: u64,
    /// The most requests; none where it is 0.
    #[serde(default)]
    requests: u64,
    /// The statuses of answers that count.
    expect: Vec<u16>,
}

/// What one connection saw.
#[derive(Debug, Default)]
struct Seen {
    micros: Vec<u32>,
    wrong: u64,
    first_wrong: Option<String>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let order: Arc<Order> = Arc::new(serde_json::from_reader(std::io::stdin())?);
    let threads = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let began = Instant::now();
    let seen = threads.block_on(run(Arc::clone(&order)));
    let seconds = began.elapsed().as_secs_f64();
    let mut micros: Vec<u32> = seen.iter().flat_map(|one| &one.micros).copied().collect();
    micros.sort_unstable();
    let at = |share: f64| {
        let place = (micros.len() as f64 * share) as usize;
        micros.get(place.min(micros.len().saturating_sub(1))).map(|us| f64::from(*us) / 1000.0)
    };
    let result = json!({
        "answered": micros.len(),
        "per_second": micros.len() as f64 / seconds,
        "p50_ms": at(0.5),
        "p99_ms": at(0.99),
        "wrong": seen.iter().map(|one| one.wrong).sum::<u64>(),
        "first_wrong": seen.iter().find_map(|one| one.first_wrong.as_ref()),
    });
    writeln!(std::io::stdout(), "{result}")?;
    Ok(())
}

async fn run(order: Arc<Order>) -> Vec<Seen> {
    let end = Instant::now() + Duration::from_secs_f64(order.seconds);
    let next = Arc::new(AtomicU64::new(0));
    let connections = (0..order.connections)
        .map(|_| tokio::spawn(connection(Arc::clone(&order), Arc::clone(&next), end)));
    let mut all = Vec::new();
    for connection in connections.collect::<Vec<_>>() {
        all.push(connection.await.unwrap_or_default());
    }
    all
}

async fn connection(order: Arc<Order>, next: Arc<AtomicU64>, end: Instant) -> Seen {
    let mut seen = Seen::default();
    let mut open: Option<TcpStream> = None;
    let mut buffer = Vec::with_capacity(64 << 10);
    while Instant::now() < end {
        let number = next.fetch_add(1, Relaxed);
        if order.requests > 0 && number >= order.requests {
            break;
        }
        let request = order.request(number);
        let began = Instant::now();
        let exchanged = exchange(&mut open, &order.address, &request, &mut buffer);
        // What is not answered when the time is over does not count.
        match timeout_at(end.into(), exchanged).await {
            Err(_) => break,
            Ok(Ok(status)) if order.expect.contains(&status) => {
                seen.micros.push(u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX));
            }
            Ok(other) => {
                seen.wrong += 1;
                let text = String::from_utf8_lossy(&buffer[..buffer.len().min(600)]).into_owned();
                seen.first_wrong.get_or_insert(format!("{other:?} {text}"));
                open = None;
            }
        }
    }
    seen
}

impl Order {
    fn request(&self, number: u64) -> Vec<u8> {
        let pass = self.ids.len().max(1) as u64;
        let id = self.ids.get((number % pass) as usize).map_or("", String::as_str);
        let running = (self.from + number).to_string();
        let filled = |text: &str| text.replace("{id}", id).replace("{n}", &running);
        let bodies = self.bodies.len().max(1) as u64;
        let body = self.bodies.get((number / pass % bodies) as usize);
        let body = body.map(|body| filled(body)).unwrap_or_default();
        let kind = match body.is_empty() {
            true => String::new(),
            false => {
                format!("Content-Type: application/scim+json\r\nContent-Length: {}\r\n", body.len())
            }
        };
        format!(
            "{} {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nAccept: \
             application/scim+json\r\n{kind}\r\n{body}",
            self.method,
            filled(&self.path),
            self.address,
            self.token
        )
        .into_bytes()
    }
}

/// Sends a request and reads the whole answer into `buffer`; its status. The connection is kept
/// where the server keeps it.
async fn exchange(
    open: &mut Option<TcpStream>,
    address: &str,
    request: &[u8],
    buffer: &mut Vec<u8>,
) -> std::io::Result<u16> {
    let mut stream = match open.take() {
        Some(stream) => stream,
        None => TcpStream::connect(address).await?,
    };
    let _ = stream.set_nodelay(true);
    stream.write_all(request).await?;
    buffer.clear();
    let broken = || std::io::Error::from(std::io::ErrorKind::InvalidData);
    let body = loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let head = std::str::from_utf8(&buffer[..body]).map_err(|_| broken())?.to_ascii_lowercase();
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).ok_or_else(broken)?;
    let header = |name: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix(name));
        line.map(|value| value.trim_start_matches(':').trim())
    };
    let length = header("content-length").map(|length| length.parse().unwrap_or(0));
    let is_chunked = length.is_none() && header("transfer-encoding").is_some();
    let is_whole = |buffer: &[u8]| match is_chunked {
        true => buffer.ends_with(b"0\r\n\r\n"),
        false => buffer.len() >= body + length.unwrap_or(0),
    };
    while !is_whole(buffer) {
        if stream.read_buf(buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    if header("connection").is_none_or(|word| word != "close") && !head.starts_with("http/1.0") {
        *open = Some(stream);
    }
    Ok(status)
}
