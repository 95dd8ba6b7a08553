//! The server under people who send too much, too slowly or too many, and its end.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::{Value, json};

use crate::served::{Answer, ENDPOINT, Served, user};

fn head(served: &Served, more: &str) -> String {
    format!(
        "POST /scim/{ENDPOINT}/v2/Users HTTP/1.1\r\nHost: scim.example.com\r\n\
         Authorization: Bearer {}\r\nContent-Type: application/json\r\n{more}",
        served.token
    )
}

fn said(served: &Served, text: &str) -> Answer {
    let mut stream = served.connect();
    stream.write_all(text.as_bytes()).expect("it is taken");
    Answer::read(&mut stream)
}

#[test]
fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    let served = Served::start();
    let declared = head(&served, "Content-Length: 1073741824\r\n\r\n");
    said(&served, &declared).check_error(413, None);
    let mut stream = served.connect();
    let chunked = head(&served, "Transfer-Encoding: chunked\r\n\r\n");
    stream.write_all(chunked.as_bytes()).expect("it is taken");
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    // Endless, until the server has had enough.
    while stream.write_all(chunk.as_bytes()).is_ok() {}
    assert!(served.ask("GET", "/Users", None).status == 200);
}

#[test]
fn a_body_that_is_too_slow_is_told_so() {
    let served = Served::start_with(&["--deadline", "1"], "strict");
    let began = Instant::now();
    let slow = head(&served, "Content-Length: 100\r\n\r\n{");
    said(&served, &slow).check_error(408, None);
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_head_that_is_too_slow_is_told_so_and_an_idle_connection_just_ends() {
    let served = Served::start_with(&["--deadline", "1"], "strict");
    said(&served, "GET /healthz HTTP/1.1\r\nHos").check_error(408, None);
    let mut idle = served.connect();
    let mut nothing = Vec::new();
    idle.read_to_end(&mut nothing).expect("it is closed in order");
    assert!(nothing.is_empty());
}

#[test]
fn idle_connections_make_room_for_those_who_ask() {
    let served = Served::start_with(&["--connections", "50"], "strict");
    let idle: Vec<TcpStream> =
        (0..200).filter_map(|_| TcpStream::connect(served.address).ok()).collect();
    assert!(idle.len() > 50);
    let began = Instant::now();
    assert_eq!(served.ask("GET", "/Users", None).status, 200);
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}

#[test]
fn an_address_that_is_too_long_is_refused() {
    let served = Served::start();
    let long = format!("/Users?filter={}", "a".repeat(20_000));
    served.ask("GET", &long, None).check_error(414, None);
    served.ask("GET", &format!("/Users/{}", "a".repeat(20_000)), None).check_error(414, None);
}

#[test]
fn two_lengths_or_a_strange_encoding_end_the_connection() {
    let served = Served::start();
    for more in [
        "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        "Transfer-Encoding: xchunked\r\n\r\n{}",
        "Content-Length: +2\r\n\r\n{}",
        "X: a\r\n folded\r\nContent-Length: 2\r\n\r\n{}",
    ] {
        let request = head(&served, more) + "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
        let answer = said(&served, &request);
        assert_eq!(answer.status, 400, "{more}: {answer:?}");
        assert!(!answer.body.contains("alive"), "what follows is not a request: {answer:?}");
    }
}

#[test]
fn a_length_that_is_stated_in_two_ways_is_refused_and_ends_the_connection() {
    let served = Served::start();
    let body = user("ana").to_string();
    let chunked = |more: &str| {
        let chunks = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        head(&served, &format!("{more}Transfer-Encoding: chunked\r\n\r\n{chunks}"))
    };
    let smuggled = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let length = "Content-Length: 6\r\n";
    let after = head(&served, "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n");
    for torn in [chunked(length), after] {
        let answer = said(&served, &format!("{torn}{smuggled}"));
        answer.check_error(400, None);
        assert!(!answer.body.contains("alive"), "what follows is not a request: {answer:?}");
    }
    assert_eq!(served.ask("GET", "/Users", None).json()["totalResults"], 0, "nothing was done");
    // Behind a good request on a connection that is kept: that one is answered, this one refused.
    let mut stream = served.connect();
    stream.write_all(chunked("").as_bytes()).expect("it is taken");
    let mut first = Vec::new();
    let is_whole = |bytes: &[u8]| bytes.ends_with(b"}");
    while !is_whole(&first) {
        let mut bytes = [0; 4096];
        let count = stream.read(&mut bytes).expect("an answer");
        assert!(count > 0, "{}", String::from_utf8_lossy(&first));
        first.extend_from_slice(&bytes[..count]);
    }
    assert!(first.starts_with(b"HTTP/1.1 201"), "{}", String::from_utf8_lossy(&first));
    stream.write_all(format!("{}{smuggled}", chunked(length)).as_bytes()).expect("it is taken");
    let second = Answer::read(&mut stream);
    second.check_error(400, None);
    assert!(!second.body.contains("alive"), "{second:?}");
}

#[test]
fn a_request_names_one_host() {
    let served = Served::start();
    for hosts in ["", "Host: a\r\nHost: b\r\n"] {
        let request = format!("GET /healthz HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
        said(&served, &request).check_error(400, None);
    }
}

#[test]
fn requests_that_are_taken_back_by_the_thousand_end_their_own_connection_only() {
    let served = Served::start();
    let threads = tokio::runtime::Runtime::new().expect("threads");
    let ended = threads.block_on(async {
        use http_body_util::Empty;
        use hyper_util::rt::{TokioExecutor, TokioIo};
        let stream = tokio::net::TcpStream::connect(served.address).await.expect("it listens");
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
                .await
                .expect("HTTP/2 in clear");
        let connection = tokio::spawn(connection);
        for _ in 0..5_000 {
            let request = hyper::Request::get("http://localhost/healthz");
            let request = request.body(Empty::<bytes::Bytes>::new()).expect("a request");
            // Sent, and taken back before the answer.
            tokio::select! {
                biased;
                _ = sender.send_request(request) => {}
                () = tokio::task::yield_now() => {}
            }
            if sender.ready().await.is_err() {
                break;
            }
        }
        drop(sender);
        tokio::time::timeout(Duration::from_secs(30), connection).await.is_ok()
    });
    assert!(ended, "the connection came to an end");
    assert_eq!(served.ask("GET", "/Users", None).status, 200);
}

/// An HTTP/2 frame (RFC 9113 §4.1).
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("a short frame");
    [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
}

/// The head of a POST to `/Users`, each field spelt out (RFC 7541 §6.2.2); the numbers are those of
/// its static table.
fn h2_head(served: &Served) -> Vec<u8> {
    let field = |name: &[u8], value: &str| {
        [name, &[u8::try_from(value.len()).expect("a short value")], value.as_bytes()].concat()
    };
    let mut head = vec![0x83, 0x86];
    head.extend(field(&[0x04], &format!("/scim/{ENDPOINT}/v2/Users")));
    head.extend(field(&[0x01], "scim.example.com"));
    head.extend(field(&[0x0f, 0x08], &format!("Bearer {}", served.token)));
    head.extend(field(&[0x0f, 0x10], "application/json"));
    frame(1, 4, 1, &head)
}

/// What the process holds in memory, in bytes.
fn resident(served: &Served) -> u64 {
    let metrics = served.send("GET", "/metrics", &[], b"").body;
    let line = metrics.lines().find(|line| line.starts_with("process_resident_memory_bytes "));
    line.and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a number")
}

#[test]
fn a_flood_of_frames_that_say_nothing_fills_no_memory_and_hurts_nobody_else() {
    let mut served = Served::start_with(&["--deadline", "1"], "strict");
    let before = resident(&served);
    let (settings, ping) = (frame(4, 0, 0, &[]), frame(6, 0, 0, &[0; 8]));
    let (head, data) = (h2_head(&served), frame(0, 0, 1, &[]));
    let increment = frame(8, 0, 0, &[0, 0, 0, 1]);
    for (begin, again) in
        [(vec![], &settings), (vec![], &ping), (vec![], &increment), (head.clone(), &data)]
    {
        let mut stream = served.connect();
        // Nobody reads the answers, so the server may stop reading too.
        let patience = Some(Duration::from_millis(500));
        stream.set_write_timeout(patience).expect("a time can be set");
        let preface = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &settings[..], &begin].concat();
        stream.write_all(&preface).expect("it is taken");
        let many = again.repeat(1_000);
        for _ in 0..500 {
            if stream.write_all(&many).is_err() {
                break;
            }
        }
        assert_eq!(served.ask("GET", "/Users", None).status, 200);
    }
    let grown = resident(&served).saturating_sub(before);
    assert!(grown < 64 << 20, "half a million frames left {grown} bytes");
    assert_eq!(served.ask("GET", "/Users", None).json()["totalResults"], 0);
    assert!(served.is_alive());
}

#[test]
fn what_callers_say_cannot_forge_a_line_of_the_log() {
    let served = Served::start();
    let mut body = user("ana");
    body["displayName"] = json!("x\n2026-11-21 INFO approved by ceo");
    served.ask("POST", "/Users", Some(body));
    served.ask("GET", "/Users/%0a%7b%22level%22:%22ERROR%22%7d", None);
    let escape = [("User-Agent", "\u{1b}[2J"), ("X-Request-Id", "a\"b")];
    served.send("GET", "/\"},{\"a\":\"\u{1b}[2J", &escape, b"");
    let (code, log) = served.end();
    assert_eq!(code, Some(0));
    assert!(!log.contains('\u{1b}'), "{log}");
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        assert_ne!(line["level"], "ERROR");
    }
}

#[test]
fn every_request_has_an_id_that_the_log_knows_too() {
    let served = Served::start();
    let answer = served.ask("GET", "/Users", None);
    let id = answer.header("x-request-id").expect("an id").to_owned();
    let (_, log) = served.end();
    let line = log.lines().find(|line| line.contains(&id)).expect("it is logged");
    let line: Value = serde_json::from_str(line).expect("JSON");
    assert_eq!((&line["status"], &line["idp"]), (&json!(200), &json!("okta")), "{line}");
}

#[test]
fn health_readiness_and_numbers_need_no_token() {
    let served = Served::start();
    served.ask("GET", "/Users", None);
    for (path, expected) in [("/healthz", "alive"), ("/readyz", "ready")] {
        let answer = served.send("GET", path, &[], b"");
        assert_eq!((answer.status, answer.body.trim()), (200, expected));
    }
    let metrics = served.send("GET", "/metrics", &[], b"").body;
    let line = "rollbook_http_requests_total{route=\"users\",method=\"GET\",status=\"200\"} 1";
    assert!(metrics.lines().any(|own| own == line), "{metrics}");
    assert!(!metrics.contains(ENDPOINT), "no endpoint is named:\n{metrics}");
    served.send("POST", "/metrics", &[], b"").check_error(405, None);
    served.send("GET", "/scim", &[], b"").check_error(401, None);
}

#[test]
fn what_is_begun_is_finished_when_the_server_ends() {
    let served = Served::start();
    let mut stream = served.connect();
    let body = user("ana").to_string();
    let begun = head(&served, &format!("Content-Length: {}\r\n\r\n", body.len()));
    stream.write_all(begun.as_bytes()).expect("it is taken");
    served.signal("TERM");
    let refused = || TcpStream::connect(served.address).is_err();
    let began = Instant::now();
    while !refused() {
        assert!(began.elapsed() < Duration::from_secs(10), "new connections are let in");
    }
    stream.write_all(body.as_bytes()).expect("it is taken");
    assert_eq!(Answer::read(&mut stream).status, 201);
    let (code, log) = served.wait();
    assert_eq!(code, Some(0), "{log}");
}

#[test]
fn over_tls_both_versions_of_http_are_spoken_and_the_certificate_can_be_renewed() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/tls");
    let (certificate, key) = (format!("{folder}/certificate.pem"), format!("{folder}/key.pem"));
    let served = Served::start_with(&["--tls-cert", &certificate, "--tls-key", &key], "strict");
    served.signal("HUP");
    let trusted = CertificateDer::from_pem_file(&certificate).expect("a certificate");
    let threads = tokio::runtime::Runtime::new().expect("threads");
    for (protocol, expected) in [(&b"h2"[..], "HTTP/2.0"), (b"http/1.1", "HTTP/1.1")] {
        let version = threads.block_on(get_over_tls(&served, trusted.clone(), protocol));
        assert_eq!(version, expected);
    }
    let in_clear = served.send("GET", "/healthz", &[], b"");
    assert_eq!(in_clear.status, 0, "nothing is answered in clear: {in_clear:?}");
}

/// The version of HTTP in which `/healthz` was answered.
async fn get_over_tls(served: &Served, trusted: CertificateDer<'static>, alpn: &[u8]) -> String {
    use http_body_util::Empty;
    use hyper::client::conn::{http1, http2};
    use hyper_util::rt::{TokioExecutor, TokioIo};
    let mut roots = rustls::RootCertStore::empty();
    roots.add(trusted).expect("it can be trusted");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![alpn.to_vec()];
    let stream = tokio::net::TcpStream::connect(served.address).await.expect("it listens");
    let name = ServerName::try_from("localhost").expect("a name");
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let stream = TokioIo::new(connector.connect(name, stream).await.expect("a handshake"));
    let request = |uri: &str| {
        let request = hyper::Request::get(uri).header("host", "localhost");
        request.body(Empty::<bytes::Bytes>::new()).expect("a request")
    };
    let response = if alpn == b"h2" {
        let (mut sender, connection) =
            http2::handshake(TokioExecutor::new(), stream).await.expect("HTTP/2");
        tokio::spawn(connection);
        sender.send_request(request("https://localhost/healthz")).await
    } else {
        let (mut sender, connection) = http1::handshake(stream).await.expect("HTTP/1.1");
        tokio::spawn(connection);
        sender.send_request(request("/healthz")).await
    };
    let response = response.expect("an answer");
    assert_eq!(response.status(), 200);
    format!("{:?}", response.version())
}

#[test]
fn a_certificate_that_cannot_be_used_is_said_at_once() {
    let bench = crate::bench::Bench::small_company();
    let wrong = ["serve", "--tls-cert", "rollbook.toml", "--tls-key", "rollbook.toml"];
    let ran = bench.run(&wrong);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(ran.err.contains("rollbook.toml"), "{}", ran.err);
}
