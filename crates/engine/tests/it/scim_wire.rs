//! What comes back when the other side does not speak HTTP as it should, or not at all.

use std::time::{Duration, Instant};

use rollbook_core::account::State;
use rollbook_core::change::Op;
use rollbook_core::step::Outcome;
use rollbook_engine::channel::Channel;
use rollbook_engine::channel::scim::{ScimChannel, ScimSettings};
use rollbook_engine::secret::Secret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::changes::change;

/// Listens, and gives every connection the next of `answers` (the last for ever) after one request;
/// then it stays silent and open. The base URL.
async fn serve(answers: Vec<Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut open = Vec::new();
        for at in 0.. {
            let Ok((mut stream, _)) = listener.accept().await else { return };
            let answer = answers[at.min(answers.len() - 1)].clone();
            let mut request = [0_u8; 4096];
            // A client that hangs up early is its own business.
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(&answer).await;
            open.push(stream);
        }
    });
    url
}

fn channel(url: String) -> ScimChannel {
    ScimChannel::new(ScimSettings {
        allow_private: true,
        deadline: Duration::from_millis(300),
        backoff: Duration::from_millis(1),
        patience: Duration::from_millis(100),
        body_bytes_max: 1 << 20,
        ..ScimSettings::new("acme".into(), url, Secret::new("canary-0123456789"))
    })
    .unwrap()
}

/// An answer with this body that closes the connection.
fn json(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
        .into()
}

#[tokio::test]
async fn answers_that_are_no_http_are_errors_and_end_in_time() {
    let headers = |n: usize| (0..n).map(|at| format!("x-{at}: y\r\n")).collect::<String>();
    for (what, answer) in [
        ("nothing", String::new()),
        ("noise", "SSH-2.0-OpenSSH_9.6\r\n".into()),
        ("10,000 headers", format!("HTTP/1.1 200 OK\r\n{}\r\n", headers(10_000))),
        ("a header of 1 MiB", format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(1 << 20))),
        ("100 for ever", "HTTP/1.1 100 Continue\r\n\r\n".repeat(1000)),
        ("a body that does not come", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}".into()),
        ("a size that cannot be", "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{}".into()),
        (
            "chunks without end",
            format!(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{}",
                format!("{:x}\r\n{}\r\n", 1 << 16, " ".repeat(1 << 16)).repeat(40)
            ),
        ),
        ("depth", String::from_utf8(json("200 OK", &"[".repeat(100_000))).unwrap()),
    ] {
        let begun = Instant::now();
        let url = serve(vec![answer.into_bytes()]).await;
        let error = channel(url).observe().await.unwrap_err();
        assert!(error.message.starts_with("Instance `acme`: "), "{what}: {error}");
        assert!(!format!("{error:?}").contains("canary"), "{what}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{what}");
    }
}

#[tokio::test]
async fn a_write_into_silence_is_uncertain() {
    let ana = json("200 OK", r#"{"id":"1","userName":"ana","active":true}"#);
    for silence in [Vec::new(), b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n".to_vec()] {
        let url = serve(vec![ana.clone(), silence]).await;
        let suspend = change(Op::Suspend, "1", "ana", State::Active);
        match channel(url).apply(&suspend).await {
            Outcome::Uncertain { why } => assert!(why.contains("did not come in time"), "{why}"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn members_that_vanish_with_the_one_taken_out_are_put_back_and_told() {
    let ana = || json("200 OK", r#"{"id":"1","userName":"ana","active":true}"#);
    let both = || json("200 OK", r#"{"id":"g","members":[{"value":"1"},{"value":"2"}]}"#);
    let none = || json("200 OK", r#"{"id":"g"}"#);
    let (refused, done) = (json("400 Bad Request", ""), || json("204 No Content", ""));
    let url = serve(vec![
        // The look, the first form, who is in it now, the second form.
        ana(),
        both(),
        refused,
        both(),
        done(),
        // The look, who is left, and the members put back.
        ana(),
        none(),
        none(),
        done(),
    ])
    .await;
    let revoke = change(Op::Revoke { entitlement: "g".into() }, "1", "ana", State::Active);
    match channel(url).apply(&revoke).await {
        Outcome::Failed { why, retry_at: None, .. } => {
            assert!(why.contains("1 other account out of the group g as well: 2."), "{why}");
            assert!(why.ends_with("They were put back."), "{why}");
        }
        other => panic!("{other:?}"),
    }
}
