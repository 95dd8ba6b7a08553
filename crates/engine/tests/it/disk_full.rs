//! A disk that is full at any moment of a run: nothing is done that cannot be recorded, and once
//! there is room again the run ends with one effect.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rollbook_core::change::Op;
use rollbook_engine::Engine;
use rollbook_engine::clock::Clock;
use rollbook_engine::progress::Quiet;

use crate::said;
use crate::scene::{Scene, approve, wish};

/// How much room is left for the run, in KiB.
const ROOMS_KIB: [usize; 11] = [0, 8, 16, 32, 64, 96, 128, 192, 256, 384, 2048];

#[tokio::test]
async fn a_disk_that_fills_up_during_a_run_loses_nothing_and_does_nothing_twice() {
    let Some(disk) = Disk::mount() else {
        eprintln!("skipped: a disk of its own can only be mounted by root");
        return;
    };
    let (mut failed, mut ended) = (0, 0);
    for room_kib in ROOMS_KIB {
        let scene = Scene::new().await;
        let engine = scene.synced().await;
        let plan = engine.plan_wishes(&[wish(&engine, "Ana", Op::Suspend)], "robin").unwrap();
        let id = approve(&engine, &plan);
        drop(engine);
        let book = disk.take(&scene.book());
        let engine = Engine::open(&book, Clock::System).unwrap();
        let filler = disk.fill(room_kib);
        match engine.apply(&id, "robin", &Quiet).await {
            Ok(_) => ended += 1,
            Err(error) => {
                failed += 1;
                let told = said(&error);
                assert!(told.contains("disk") || told.contains("room"), "{room_kib}: {told}");
            }
        }
        let sent = scene.effects().len();
        let recorded = engine.store().read(|book| book.events()).unwrap();
        let intents = recorded.iter().filter(|event| event.kind == "change_intended").count();
        assert!(sent <= intents, "{room_kib} KiB: {sent} effects of {intents} intents");
        fs::remove_file(filler).unwrap();
        if engine.runs().unwrap().is_empty() {
            engine.apply(&id, "robin", &Quiet).await.unwrap();
        }
        engine.resume(&Quiet).await.unwrap();
        let report = engine.run(&engine.runs().unwrap()[0].id).unwrap();
        assert!(report.is_confirmed() && report.run.ended_at.is_some(), "{room_kib}: {report:?}");
        assert_eq!(scene.effects(), ["Ana: changed active"], "{room_kib} KiB");
        engine.verify().unwrap();
    }
    assert!(failed > 1 && ended > 0, "{failed} runs failed, {ended} had room enough");
}

/// A small disk of its own, unmounted at the end.
pub(crate) struct Disk {
    dir: tempfile::TempDir,
}

impl Disk {
    pub(crate) fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(dir.path());
        let mounted = mount.output().is_ok_and(|out| out.status.success());
        mounted.then_some(Self { dir })
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Copies a workspace onto the disk, in place of the one before.
    pub(crate) fn take(&self, book: &Path) -> PathBuf {
        let place = self.dir.path().join("book");
        if place.exists() {
            fs::remove_dir_all(&place).unwrap();
        }
        fs::create_dir(&place).unwrap();
        for entry in fs::read_dir(book).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), place.join(entry.file_name())).unwrap();
        }
        place
    }

    /// Fills the disk but for so much room.
    pub(crate) fn fill(&self, room_kib: usize) -> PathBuf {
        let path = self.dir.path().join("filler");
        let mut file = File::create(&path).unwrap();
        let mut length = 0;
        while file.write_all(&[1; 4096]).is_ok() {
            length += 4096;
        }
        file.set_len(u64::try_from(length - (room_kib << 10).min(length)).unwrap()).unwrap();
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(self.dir.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "the disk stays mounted");
    }
}
