//! People hear of their tasks over real HTTP, once for certain and twice at most under one id.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use ring::hmac;
use rollbook_engine::Engine;
use rollbook_engine::clock::Clock;
use rollbook_testkit::scripted::{Asked, Say, Scripted};
use rollbook_testkit::smtp_sink::SmtpSink;
use serde_json::Value;

use crate::scene::{Scene, kinds, person, run, write_private};

const KEY: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Somebody else's server, which answers with the status that lies here.
async fn listener() -> (Scripted, Arc<AtomicU16>) {
    let status = Arc::new(AtomicU16::new(204));
    let answers = Arc::clone(&status);
    let say = move |_: &Asked| Say::new(answers.load(Ordering::SeqCst), Value::Null);
    (Scripted::start(say).await.unwrap(), status)
}

/// A company in which Dora works at a desk that nothing reads, and hears of it in this way.
async fn company(listener: &Scripted, kind: &str, more: &str) -> Scene {
    let scene = Scene::new().await;
    scene.workers(&[("Ana", "2026-01-31")]);
    write_private(&scene.book().join("address"), &format!("{}/hook?sig=a%2Bb", listener.url));
    write_private(&scene.book().join("key"), &format!("whsec_{KEY}"));
    scene.configure(&format!(
        "[[instance]]\nname = \"desk\"\nowner = \"Dora <!here> *Desk*\"\n[instance.human]\n\
         [[notify.webhook]]\nname = \"team\"\nkind = \"{kind}\"\nurl = {{ file = \"address\" }}\n{more}\n"
    ));
    scene
}

async fn ask(engine: &Engine) {
    let plan = engine.plan_offboard(&person(engine, "Ana Alder"), None, "robin").unwrap();
    run(engine, &plan).await;
}

/// What came about the desk.
fn came(listener: &Scripted) -> Vec<Asked> {
    listener.asked().into_iter().filter(|asked| asked.body.contains("in desk")).collect()
}

#[tokio::test]
async fn a_signed_notice_is_sent_until_it_is_taken_and_keeps_its_id() {
    let (listener, status) = listener().await;
    let more = "secret = { file = \"key\" }\nallow_private = true";
    let scene = company(&listener, "signed", more).await;
    status.store(503, Ordering::SeqCst);
    let engine = scene.synced().await;
    ask(&engine).await;
    assert_eq!(came(&listener).len(), 1, "it is sent when the run ends");
    assert_eq!(engine.send_notices().await.unwrap(), 0, "it is left alone for a while");
    drop(engine);
    status.store(204, Ordering::SeqCst);
    let later = Clock::Shifted(SignedDuration::from_secs(10));
    let engine = Engine::open(&scene.book(), later).unwrap();
    assert!(engine.send_notices().await.unwrap() > 0);
    assert_eq!(engine.send_notices().await.unwrap(), 0, "what was taken is told");
    // As if the process had died between the answer and its record.
    scene.sql("UPDATE notice SET due_us = 0");
    engine.send_notices().await.unwrap();
    let came = came(&listener);
    assert_eq!(came.len(), 3);
    let ids: BTreeSet<_> = came.iter().map(|asked| &asked.headers["webhook-id"]).collect();
    assert_eq!(ids.len(), 1, "a repetition can be known");
    for asked in &came {
        assert_eq!(asked.line, "POST /hook?sig=a%2Bb");
        let head = |name: &str| asked.headers[name].as_str();
        let signed = format!("{}.{}.{}", head("webhook-id"), head("webhook-timestamp"), asked.body);
        let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(KEY).unwrap());
        let signature = STANDARD.decode(head("webhook-signature").strip_prefix("v1,").unwrap());
        hmac::verify(&key, signed.as_bytes(), &signature.unwrap()).unwrap();
    }
    let body = came[0].json();
    assert_eq!(
        (&body["type"], &body["data"]["instance"]),
        (&"task.assigned".into(), &"desk".into())
    );
    assert!(body["data"]["text"].as_str().unwrap().contains("rollbook task show tsk_"), "{body}");
    engine.verify().unwrap();
}

#[tokio::test]
async fn a_chat_gets_text_in_which_no_name_becomes_a_call_or_markup() {
    for (kind, at, shown) in [
        ("slack", "/text", "Dora &lt;!here&gt; *Desk*, please: "),
        ("teams", "/attachments/0/content/body/0/text", "Dora \\<\\!here\\> \\*Desk\\*, please: "),
    ] {
        let (listener, _) = listener().await;
        let scene = company(&listener, kind, "allow_private = true").await;
        ask(&scene.synced().await).await;
        let body = came(&listener)[0].json();
        let text = body.pointer(at).and_then(Value::as_str).unwrap_or_default();
        assert!(text.starts_with(shown), "{kind}: {body}");
    }
}

#[tokio::test]
async fn a_webhook_in_a_private_network_is_not_reached_unless_that_is_allowed() {
    let (listener, _) = listener().await;
    let scene = company(&listener, "slack", "").await;
    let engine = scene.synced().await;
    ask(&engine).await;
    assert!(listener.asked().is_empty());
    assert!(!engine.untold_notices().unwrap().is_empty(), "it waits");
}

#[tokio::test]
async fn what_nobody_ever_takes_is_given_up_and_that_is_recorded() {
    let (listener, status) = listener().await;
    let scene = company(&listener, "slack", "allow_private = true").await;
    status.store(410, Ordering::SeqCst);
    let engine = scene.synced().await;
    ask(&engine).await;
    assert!(engine.untold_notices().unwrap().is_empty());
    assert!(kinds(&engine).contains(&"notice_given_up".to_owned()));
    engine.verify().unwrap();
}

#[tokio::test]
async fn a_person_is_written_to_at_their_address_until_the_server_takes_it() {
    let sink = SmtpSink::start().await.unwrap();
    sink.turn_away("451 4.3.0 Try again later");
    let scene = Scene::new().await;
    scene.workers(&[("Ana", "2026-01-31")]);
    scene.configure(&format!(
        "[[instance]]\nname = \"desk\"\nowner = \"Dora Désk\"\n[instance.human]\n\
         [notify.email]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nallow_private = true\n\
         from = \"Rollbook <rollbook@example.com>\"\n\
         [notify.email.people]\n\"Dora Désk\" = \"dora@example.com\"\n",
        sink.port
    ));
    let engine = scene.synced().await;
    ask(&engine).await;
    assert!(sink.taken().is_empty(), "it was turned away");
    drop(engine);
    let later = Clock::Shifted(SignedDuration::from_secs(10));
    let engine = Engine::open(&scene.book(), later).unwrap();
    assert_eq!(engine.send_notices().await.unwrap(), 1, "nobody else has an address");
    scene.sql("UPDATE notice SET due_us = 0");
    engine.send_notices().await.unwrap();
    let taken = sink.taken();
    let id =
        |text: &str| text.lines().find(|l| l.starts_with("Message-ID: <ntc_")).map(str::to_owned);
    assert_eq!(taken.len(), 2);
    assert!(id(&taken[0]).is_some() && id(&taken[0]) == id(&taken[1]), "{taken:?}");
    for line in ["To: dora@example.com", "Subject: Look whether Ana Alder has an account in desk"] {
        assert!(taken[0].contains(line), "{line}: {}", taken[0]);
    }
    assert!(taken[0].contains("rollbook task show"), "{}", taken[0]);
}
