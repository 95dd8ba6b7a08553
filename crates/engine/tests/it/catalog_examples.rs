//! Every app of the catalog through its real channels, against a vendor made from its file: read
//! whole, then each operation once, with a second look by the channel that it took, and the vendor's
//! own count of what happened.

use std::collections::BTreeSet;
use std::path::Path;

use rollbook_catalog::{App, Catalog, matrix};
use rollbook_core::change::Verb;

use crate::trial::{rest, scim};

/// The apps whose id begins with one of `letters`, through all channels that the file names.
async fn check(letters: &str) {
    let mut wrong = Vec::new();
    for app in catalog().apps().filter(|app| app.id.starts_with(|c| letters.contains(c))) {
        for channel in channels(app) {
            let told = match channel {
                "rest" => rest::trial(app).await,
                _ => scim::trial(app).await,
            };
            wrong.extend(told.into_iter().map(|told| format!("{} by {channel}: {told}", app.id)));
        }
    }
    assert!(wrong.is_empty(), "{} complaints:\n{}", wrong.len(), wrong.join("\n"));
}

/// The files as they lie there, so that whoever writes one need not build to try it.
fn catalog() -> Catalog {
    Catalog::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../apps")).unwrap()
}

/// The channels of an app that are tried here. A file or a human is no vendor.
fn channels(app: &App) -> Vec<&'static str> {
    let has = |channel: &&str| app.routes.iter().any(|route| route.way.channel == **channel);
    ["scim", "rest"].into_iter().filter(has).collect()
}

/// So that a failure names few apps, and no file of Rust needs to know which apps there are.
macro_rules! checked_by_letter {
    ($($name:ident: $letters:literal,)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                check($letters).await;
            }
        )*

        #[test]
        fn every_app_is_tried_under_its_letter() {
            let letters: String = [$($letters),*].concat();
            let missed: Vec<&str> =
                Catalog::embedded().ids().filter(|id| !id.starts_with(|c| letters.contains(c))).collect();
            assert_eq!(missed, [""; 0]);
            let unique: BTreeSet<char> = letters.chars().collect();
            assert_eq!(unique.len(), letters.len(), "no app is tried twice");
        }
    };
}

checked_by_letter! {
    apps_in_digits: "0123456789",
    apps_in_a: "a",
    apps_in_b: "b",
    apps_in_c: "c",
    apps_in_d: "d",
    apps_in_e_and_f: "ef",
    apps_in_g: "g",
    apps_in_h_to_k: "hijk",
    apps_in_l: "l",
    apps_in_m: "m",
    apps_in_n_and_o: "no",
    apps_in_p: "p",
    apps_in_q_and_r: "qr",
    apps_in_s: "s",
    apps_in_t: "t",
    apps_in_u_and_v: "uv",
    apps_in_w_to_z: "wxyz",
}

#[test]
fn at_least_sixty_apps_can_be_listed_and_switched_off_by_what_is_tried_here() {
    let catalog = catalog();
    let apps = catalog.apps().filter(|app| !app.is_generic());
    let can_both = |app: &&App| {
        let tried =
            || app.routes.iter().filter(|r| channels(app).contains(&r.way.channel.as_str()));
        let switches_off = |verb: &Verb| matches!(verb, Verb::Suspend | Verb::Remove);
        tried().any(|route| route.observes)
            && tried().any(|route| route.way.can.keys().any(switches_off))
    };
    let whole = apps.filter(can_both).count();
    assert!(whole >= 60, "only {whole}");
    // The page says the same number, so that nobody has to believe it.
    let line = format!("| **list, and suspend or remove** | | | **{whole}** |");
    assert!(matrix::page(&catalog).contains(&line), "{line}");
}
