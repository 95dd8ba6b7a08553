//! An assistant at the other end of `rollbook mcp`: lines of JSON to and fro.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde_json::{Value, json};

use crate::bench::Bench;

/// A running `rollbook mcp`, after the handshake. Dropping it ends it.
pub(crate) struct Assistant {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    asked: u64,
}

impl Assistant {
    /// Starts the command in the bench's workspace, for Kim Orlov.
    pub(crate) fn start(bench: &Bench, arguments: &[&str]) -> Self {
        let mut command = bench.command(&[&["mcp", "--as", "Kim Orlov"], arguments].concat());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let input = child.stdin.take().expect("it was piped");
        let output = BufReader::new(child.stdout.take().expect("it was piped"));
        let mut assistant = Self { child, input, output, asked: 0 };
        let begun = assistant.ask("initialize", initialize());
        assert_eq!(begun["result"]["serverInfo"]["name"], "rollbook", "{begun}");
        assistant
            .line(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string());
        assistant
    }

    /// One request and its answer.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        let asked = json!({
            "jsonrpc": "2.0", "id": self.asked, "method": method, "params": params,
        });
        self.line(&asked.to_string());
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it answers");
        let answer: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line:?}"));
        assert_eq!(answer["id"], self.asked, "{answer}");
        answer
    }

    /// What a tool answers.
    pub(crate) fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let answer = self.ask("tools/call", json!({"name": tool, "arguments": arguments}));
        answer["result"].clone()
    }

    /// Anything at all, as one line.
    pub(crate) fn line(&mut self, line: &str) {
        writeln!(self.input, "{line}").expect("it reads");
    }
}

impl Drop for Assistant {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a client of an older revision begins.
pub(crate) fn initialize() -> Value {
    json!({
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    })
}
