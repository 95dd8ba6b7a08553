//! A disk that is full while pictures are written: nothing is done that cannot be recorded, and once
//! there is room again the run ends with one effect.

use std::fs;

use rollbook_engine::Engine;
use rollbook_engine::clock::Clock;
use rollbook_engine::progress::Quiet;

use super::office::{Office, approved};
use crate::disk_full::Disk;

/// How much room is left for the run, in KiB. A picture has some tens of them.
const ROOMS_KIB: [usize; 3] = [48, 160, 2048];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fills_up_with_pictures_loses_nothing_and_does_nothing_twice() {
    let Some(disk) = Disk::mount() else {
        eprintln!("skipped: a disk of its own can only be mounted by root");
        return;
    };
    let (mut failed, mut ended) = (0, 0);
    for room_kib in ROOMS_KIB {
        let office = Office::new().await;
        let plan = approved(&office.open()).await;
        let book = disk.take(office.dir.path());
        let engine = Engine::open(&book, Clock::System).expect("the workspace opens");
        let filler = disk.fill(room_kib);
        match engine.apply(&plan, "robin", &Quiet).await {
            Ok(_) => ended += 1,
            Err(_) => failed += 1,
        }
        let effects = office.console.ledger().effects().len();
        let events = engine.store().read(|book| book.events()).expect("events are read");
        let intents = events.iter().filter(|event| event.kind == "change_intended").count();
        assert!(effects <= intents, "{room_kib} KiB: {effects} effects of {intents} intents");
        fs::remove_file(filler).expect("it is there");
        if engine.runs().expect("runs are read").is_empty() {
            engine.apply(&plan, "robin", &Quiet).await.expect("there is room now");
        }
        engine.resume(&Quiet).await.expect("there is room now");
        let run = engine.runs().expect("runs are read")[0].id.clone();
        let report = engine.run(&run).expect("the run is there");
        assert!(report.is_confirmed() && report.run.ended_at.is_some(), "{room_kib}: {report:?}");
        assert_eq!(office.console.ledger().effects().len(), 1, "{room_kib} KiB");
        engine.verify().expect("the chain is whole");
    }
    assert!(failed > 0 && ended > 0, "{failed} runs failed, {ended} had room enough");
}
