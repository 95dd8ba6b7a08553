//! The files of `apps/` as they are.

use std::path::{Path, PathBuf};

use rollbook_catalog::{Catalog, GENERIC_FILE, GENERIC_HUMAN, GENERIC_SCIM, KEYS};
use rollbook_core::change::{Basis, Op};

fn apps() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../apps")
}

#[test]
fn every_file_of_the_folder_is_in_the_embedded_catalog() {
    let folder = Catalog::load(&apps()).expect("every file in apps/ is as it must be");
    assert!(folder.apps().count() >= 132);
    let embedded: Vec<_> = Catalog::embedded().apps().collect();
    let folder: Vec<_> = folder.apps().collect();
    assert_eq!(folder, embedded, "build.rs carries every file");
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let error = Catalog::load(Path::new("no/such/folder")).expect_err("it is not there");
    insta::assert_snapshot!(error, @"the app files in no/such/folder could not be read; check that the folder exists and is readable");
}

#[test]
fn mindtickle_can_suspend_for_sure_and_remove_only_by_hearsay() {
    let app = Catalog::embedded().app("mindtickle").expect("it is in apps/");
    let reach = app.reach();
    let suspend = reach.route_for(&Op::Suspend).expect("SCIM can suspend");
    assert_eq!((suspend.route.channel.as_str(), suspend.route.basis), ("scim", Basis::Documented));
    assert!(suspend.ability.reversible);
    let remove = reach.route_for(&Op::Remove).expect("DELETE is offered");
    assert_eq!(remove.route.basis, Basis::Recalled);
    assert!(!remove.ability.reversible);
    let grant = Op::Grant { entitlement: "coaches".into() };
    let grant = reach.route_for(&grant).expect("groups are unconfirmed, and can be tried");
    assert_eq!((grant.route.basis, grant.ability.reversible), (Basis::Recalled, true));
}

#[test]
fn the_generic_profiles_can_do_everything_and_know_that_removing_is_for_good() {
    let generic = [
        (GENERIC_SCIM, "scim", true),
        (GENERIC_FILE, "file", true),
        (GENERIC_HUMAN, "human", false),
    ];
    for (id, channel, reads) in generic {
        let app = Catalog::embedded().app(id).expect("the engine falls back on it");
        let [route] = app.routes.as_slice() else { panic!("{id} has one route") };
        assert_eq!((route.way.channel.as_str(), route.observes), (channel, reads));
        let verbs: Vec<_> = route
            .way
            .can
            .iter()
            .map(|(verb, ability)| (verb.as_str(), ability.reversible))
            .collect();
        assert_eq!(
            verbs,
            [
                ("create", true),
                ("update", true),
                ("suspend", true),
                ("reactivate", true),
                ("remove", false),
                ("grant", true),
                ("revoke", true),
            ]
        );
    }
}

#[test]
fn mindtickle_is_written_down_to_the_last_fact() {
    let app = Catalog::embedded().app("mindtickle").expect("it is in apps/");
    let word = |basis| match basis {
        Basis::Recalled => "recalled",
        Basis::Documented => "documented",
        Basis::Probed => "probed",
    };
    let facts = KEYS.iter().filter_map(|key| Some((key.name, app.fact(key.name)?)));
    let lines: Vec<String> = facts
        .map(|(name, fact)| format!("{name} = {} ({})", fact.value, word(fact.basis)))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    sso.protocols = saml (recalled)
    sso.plan = unknown (recalled)
    scim.available = yes (documented)
    scim.version = 2.0 (documented)
    scim.base_url = https://{tenant}.mindtickle.com/scim/v2 (documented)
    scim.auth = SCIM bearer token from Settings > Integrations > SCIM (documented)
    scim.plan = Enterprise (documented)
    scim.resources = Users, Groups (unconfirmed) (documented)
    scim.operations = GET /Users, GET /Users/{id}, POST /Users, PUT /Users/{id}, PATCH /Users/{id}, DELETE /Users/{id} (documented)
    scim.patch = partial (documented)
    scim.delete = unknown (documented)
    scim.filters = userName eq (documented)
    scim.paging = start_index (documented)
    scim.page_size = unknown (documented)
    scim.page_size_max = unknown (documented)
    scim.rate_limit = unknown (documented)
    rest.available = no (documented)
    rest.auth = bearer (documented)
    rest.auth_detail = API token from the account team; no public reference (documented)
    rest.paging = none (documented)
    rest.rate_limit = not published (documented)
    rest.retry_after = no (documented)
    webhooks.available = no (documented)
    ui.users_page = Settings > Users (recalled)
    ui.scim_page = Settings > Integrations > SCIM (documented)
    ui.invite_steps = unknown (recalled)
    ui.remove_steps = unknown (recalled)
    account.roles = unknown (recalled)
    account.seats = unknown (recalled)
    ");
    let needed = app.fields.iter().filter(|f| f.on_create == rollbook_catalog::Need::Required);
    let needed: Vec<_> = needed.map(|field| field.name.as_str()).collect();
    assert_eq!(needed, ["userName", "name.givenName", "name.familyName", "emails"]);
    assert_eq!((app.fields.len(), app.limitations.len(), app.traps.len()), (7, 4, 7));
}

#[test]
fn every_app_says_what_it_can_do_or_that_nobody_knows() {
    for app in Catalog::embedded().apps() {
        for key in ["scim.available", "rest.available", "webhooks.available", "ui.users_page"] {
            let generic = [GENERIC_SCIM, GENERIC_FILE, GENERIC_HUMAN].contains(&app.id.as_str());
            assert!(generic || app.fact(key).is_some(), "{} says nothing of {key}", app.id);
        }
        let promised = app.fact("scim.available").map(|fact| &fact.value);
        let routed = app.routes.iter().any(|route| route.way.channel.as_str() == "scim");
        let has = promised == Some(&rollbook_catalog::Value::Flag(true));
        assert!(has || !routed, "{} has a SCIM route and no SCIM", app.id);
    }
}
