//! A server of its own for each test: the real binary on a free port, and requests to it.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::bench::Bench;

/// The instance of the small company that identity providers push to.
pub(crate) const ENDPOINT: &str = "wiki";

/// A running server. Dropping it ends it.
pub(crate) struct Served {
    pub(crate) bench: Bench,
    pub(crate) address: SocketAddr,
    /// May write at [`ENDPOINT`], with the strict profile.
    pub(crate) token: String,
    /// What it said when it began.
    pub(crate) began: Value,
    child: Child,
}

impl Served {
    /// A server with a strict token.
    pub(crate) fn start() -> Self {
        Self::start_with(&[], "strict")
    }

    /// A server with more arguments, and a token with `profile`.
    pub(crate) fn start_with(arguments: &[&str], profile: &str) -> Self {
        let bench = Bench::small_company();
        let token = mint(&bench, &[ENDPOINT, "--idp", "okta", "--profile", profile]);
        let (child, address, began) = begin(&bench, arguments);
        Self { bench, address, token, began, child }
    }

    /// A server in a workspace that is there, with a strict token for `endpoint`.
    pub(crate) fn in_workspace(bench: Bench, endpoint: &str, arguments: &[&str]) -> Self {
        let token = mint(&bench, &[endpoint, "--idp", "okta", "--profile", "strict"]);
        let (child, address, began) = begin(&bench, arguments);
        Self { bench, address, token, began, child }
    }

    /// Another token: the arguments of `rollbook token create`.
    pub(crate) fn mint(&self, arguments: &[&str]) -> String {
        mint(&self.bench, arguments)
    }

    /// A request at [`ENDPOINT`] with the token; `path` begins with a slash.
    pub(crate) fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let authorization = format!("Bearer {}", self.token);
        self.ask_with(method, path, &[("Authorization", &authorization)], body)
    }

    /// A request at [`ENDPOINT`] with exactly these headers.
    pub(crate) fn ask_with(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let mut headers = headers.to_vec();
        let text = body.map(|body| body.to_string()).unwrap_or_default();
        if !text.is_empty() && !headers.iter().any(|(name, _)| *name == "Content-Type") {
            headers.push(("Content-Type", "application/scim+json"));
        }
        self.send(method, &format!("/scim/{ENDPOINT}/v2{path}"), &headers, text.as_bytes())
    }

    /// A request with the token whose body is these bytes.
    pub(crate) fn ask_raw(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        let authorization = format!("Bearer {}", self.token);
        let headers =
            [("Authorization", authorization.as_str()), ("Content-Type", "application/scim+json")];
        self.send(method, &format!("/scim/{ENDPOINT}/v2{path}"), &headers, body)
    }

    /// Any request.
    pub(crate) fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        self.send_to("scim.example.com", method, target, headers, body)
    }

    /// Any request to the server under this name.
    pub(crate) fn send_to(
        &self,
        host: &str,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        send(self.address, host, (method, target), headers, body)
    }

    /// A bare connection.
    pub(crate) fn connect(&self) -> TcpStream {
        connect(self.address)
    }

    /// Makes a user and says its id.
    pub(crate) fn user(&self, name: &str) -> String {
        let made = self.ask("POST", "/Users", Some(user(name)));
        assert_eq!(made.status, 201, "{made:?}");
        made.json()["id"].as_str().expect("an id").to_owned()
    }

    /// Makes a group and says its id.
    pub(crate) fn group(&self, name: &str) -> String {
        let body = json!({ "schemas": [GROUP], "displayName": name });
        let made = self.ask("POST", "/Groups", Some(body));
        assert_eq!(made.status, 201, "{made:?}");
        made.json()["id"].as_str().expect("an id").to_owned()
    }

    /// Asks it to end and waits; says its exit code and its log.
    pub(crate) fn end(self) -> (Option<i32>, String) {
        self.signal("TERM");
        self.wait()
    }

    /// Waits until it ends by itself; says its exit code and its log.
    pub(crate) fn wait(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().expect("it ends");
        (status.code(), self.log())
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.bench.path().join("serve.log")).expect("the log")
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let sent = std::process::Command::new("kill")
            .args([format!("-{name}"), self.child.id().to_string()])
            .status();
        assert!(sent.expect("kill is there").success());
    }

    /// Whether it still runs, as the process that was started.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().expect("it can be asked").is_none()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the server takes connections");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time can be set");
    stream
}

/// Any request to the server at this address under this name: method and target, headers, body.
pub(crate) fn send(
    address: SocketAddr,
    host: &str,
    (method, target): (&str, &str),
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let mut request = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n");
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    request += &format!("Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let mut stream = connect(address);
    stream.write_all(request.as_bytes()).expect("the head is taken");
    // A server that refuses early need not take the rest.
    let _ = stream.write_all(body);
    Answer::read(&mut stream)
}

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// The smallest user.
pub(crate) fn user(name: &str) -> Value {
    json!({ "schemas": [USER], "userName": name, "active": true })
}

/// A PATCH with these operations.
pub(crate) fn patch(operations: Value) -> Value {
    json!({ "schemas": [PATCH], "Operations": operations })
}

fn mint(bench: &Bench, arguments: &[&str]) -> String {
    let arguments = [&["token", "create", "--json"], arguments].concat();
    let lines = bench.run(&arguments).json();
    lines[0]["token"].as_str().expect("the token, this once").to_owned()
}

fn begin(bench: &Bench, arguments: &[&str]) -> (Child, SocketAddr, Value) {
    let log = File::create(bench.path().join("serve.log")).expect("a file for the log");
    let arguments = [&["serve", "--json", "--listen", "127.0.0.1:0"], arguments].concat();
    let mut command = bench.command(&arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().expect("the binary starts");
    let mut line = String::new();
    let stdout = child.stdout.take().expect("it was piped");
    BufReader::new(stdout).read_line(&mut line).expect("it says where it listens");
    let said: Value = serde_json::from_str(&line).unwrap_or_else(|_| {
        let log = fs::read_to_string(bench.path().join("serve.log")).unwrap_or_default();
        panic!("the server did not begin: {line}{log}")
    });
    let listening = said["listening"].as_str().expect("an address");
    let address = listening.split("://").nth(1).expect("a scheme").parse().expect("an address");
    (child, address, said)
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    /// Reads until the other side closes.
    pub(crate) fn read(stream: &mut TcpStream) -> Self {
        let mut bytes = Vec::new();
        // A server that refuses early may reset the connection after its answer.
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8(bytes).expect("everything is UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Self { status: status.unwrap_or(0), head: head.to_owned(), body: body.to_owned() }
    }

    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (own, value) = line.split_once(':')?;
            own.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The body.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// It is a SCIM error with this status, and says so in its body too (RFC 7644 §3.12).
    #[track_caller]
    pub(crate) fn check_error(&self, status: u16, scim_type: Option<&str>) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/scim+json"), "{self:?}");
        let body = self.json();
        let schema = "urn:ietf:params:scim:api:messages:2.0:Error";
        assert_eq!(body["schemas"], json!([schema]), "{self:?}");
        assert_eq!(body["status"], json!(status.to_string()), "{self:?}");
        assert_eq!(body.get("scimType").and_then(Value::as_str), scim_type, "{self:?}");
        assert!(body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{self:?}");
    }
}
