//! A mail server that takes everything: it keeps each message as it came, and may turn some away first.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The server; it ends with this value.
#[derive(Debug)]
pub struct SmtpSink {
    /// The port on 127.0.0.1.
    pub port: u16,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct State {
    taken: Vec<String>,
    /// What the next messages are answered with, in place of being taken.
    turned_away: VecDeque<&'static str>,
}

impl SmtpSink {
    /// Starts the server.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&shared)));
            }
        });
        Ok(Self { port, state, task })
    }

    /// Every message that was taken, as it came, with its headers.
    pub fn taken(&self) -> Vec<String> {
        lock(&self.state).taken.clone()
    }

    /// Answers the next message with this line, e.g. `451 Try again later`.
    pub fn turn_away(&self, line: &'static str) {
        lock(&self.state).turned_away.push_back(line);
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One conversation (RFC 5321), without extensions.
async fn converse(stream: TcpStream, state: Arc<Mutex<State>>) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 sink.example ready\r\n").await?;
    let mut message: Option<String> = None;
    while let Some(line) = lines.next_line().await? {
        let answer = match &mut message {
            Some(text) if line == "." => {
                let text = std::mem::take(text);
                message = None;
                take(&state, text)
            }
            Some(text) => {
                text.push_str(line.strip_prefix('.').unwrap_or(&line));
                text.push('\n');
                continue;
            }
            None if line == "DATA" => {
                message = Some(String::new());
                "354 Go on"
            }
            None if line == "QUIT" => "221 Bye",
            None => "250 OK",
        };
        writer.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}

fn take(state: &Mutex<State>, text: String) -> &'static str {
    let mut state = lock(state);
    match state.turned_away.pop_front() {
        Some(line) => line,
        None => {
            state.taken.push(text);
            "250 Taken"
        }
    }
}
