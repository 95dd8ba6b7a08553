//! Who must agree, as the policy's rules have it, over the whole way from a plan to its run.

use rollbook_core::change::Op;
use rollbook_core::explain;
use rollbook_engine::progress::Quiet;
use rollbook_engine::{Engine, Proposal};

use crate::scene::{Scene, stands, wish};

const TWO_STAGES: &str = r#"
[[policy.approval.rule]]
name = "wiki"
instances = ["wiki"]
verbs = ["suspend"]
stages = [{ of = ["sam", "kim"], at_least = 1 }, { of = ["Dan Dogwood"] }]
"#;

fn suspend_ana(engine: &Engine) -> Proposal {
    engine.plan_wishes(&[wish(engine, "Ana", Op::Suspend)], "Bob Birch").unwrap()
}

fn agree(engine: &Engine, plan: &Proposal, by: &str) -> String {
    match engine.approve(&plan.plan.id(), plan.plan.digest(), by, "") {
        Ok(_) => "agreed".to_owned(),
        Err(error) => crate::said(&error),
    }
}

fn open(engine: &Engine, plan: &Proposal) -> String {
    let proposal = engine.proposal(&plan.plan.id()).unwrap();
    proposal.rules.iter().filter_map(explain::open_rule).collect()
}

#[tokio::test]
async fn a_plan_runs_when_every_stage_of_its_rule_is_met_and_the_run_says_by_whom() {
    let scene = Scene::new().await;
    scene.configure(TWO_STAGES);
    let engine = scene.synced().await;
    let plan = suspend_ana(&engine);
    assert_eq!(open(&engine, &plan), "The rule wiki waits for sam or kim (stage 1 of 2).");
    let early = agree(&engine, &plan, "Dan Dogwood");
    assert!(early.starts_with("Dan Dogwood is asked only after others have approved"), "{early}");
    assert_eq!(agree(&engine, &plan, "kim"), "agreed");
    let refused = engine.apply(&plan.plan.id(), "robin", &Quiet).await.unwrap_err();
    assert!(refused.to_string().ends_with("waits for Dan Dogwood (stage 2 of 2)."), "{refused}");
    assert_eq!(scene.effects(), Vec::<String>::new());
    // Under another of his names he is the same man.
    assert_eq!(agree(&engine, &plan, "dan@example.com"), "agreed");
    assert_eq!(open(&engine, &plan), "");
    let report = engine.apply(&plan.plan.id(), "robin", &Quiet).await.unwrap();
    assert!(report.is_confirmed(), "{}", stands(&report));
    let begun = engine.store().read(|book| book.recorded(report.run.id.as_str(), "run_begun"));
    let (_, body) = begun.unwrap().remove(0);
    let stages = &body.content["permit"]["rules"][0]["stages"];
    assert_eq!(stages[0]["by"][0]["by"], "kim");
    assert_eq!(
        stages[1]["by"][0],
        serde_json::json!({"by": "dan@example.com", "seat": "Dan Dogwood"})
    );
}

#[tokio::test]
async fn neither_who_asked_nor_whom_it_concerns_nor_who_runs_it_agrees_under_another_name() {
    let scene = Scene::new().await;
    let engine = scene.synced().await;
    let plan = suspend_ana(&engine);
    let said = agree(&engine, &plan, "bob@example.com");
    assert!(said.starts_with("bob@example.com asked for this plan"), "{said}");
    let said = agree(&engine, &plan, "E1");
    assert!(said.starts_with("The plan changes an account of E1's own."), "{said}");
    assert_eq!(agree(&engine, &plan, "Cleo Cedar"), "agreed");
    let refused = engine.apply(&plan.plan.id(), "cleo@example.com", &Quiet).await.unwrap_err();
    assert!(refused.to_string().ends_with("they run the plan themselves."), "{refused}");
    assert_eq!(scene.effects(), Vec::<String>::new());
    let report = engine.apply(&plan.plan.id(), "Bob Birch", &Quiet).await.unwrap();
    assert!(report.is_confirmed(), "{}", stands(&report));
}

#[tokio::test]
async fn another_policy_is_tried_on_what_was_done_and_changes_nothing() {
    let scene = Scene::new().await;
    let engine = scene.synced().await;
    let plan = suspend_ana(&engine);
    assert_eq!(agree(&engine, &plan, "sam"), "agreed");
    engine.apply(&plan.plan.id(), "robin", &Quiet).await.unwrap();
    let waits = engine.plan_wishes(&[wish(&engine, "Cleo", Op::Suspend)], "robin").unwrap();
    let events = crate::scene::kinds(&engine);
    let today = engine.today();
    let tried = |policy: &rollbook_core::policy::Policy| {
        let trials = engine.try_policy(policy, today).unwrap();
        let line = |trial: &rollbook_engine::Trial| {
            let missing = trial.missing.as_deref().unwrap_or("nothing");
            format!("{} ran {}: {missing}\n", trial.plan.id(), trial.was_run)
        };
        let mut lines: Vec<String> = trials.iter().map(line).collect();
        lines.sort();
        lines.concat()
    };
    let (ran, waiting) = (plan.plan.id(), waits.plan.id());
    let now = tried(&engine.newest_config().policy);
    assert!(now.contains(&format!("{ran} ran true: nothing\n")), "{now}");
    assert!(now.contains(&format!("{waiting} ran false: One person must approve")), "{now}");
    let file = scene.dir.path().join("stricter.toml");
    let config = std::fs::read_to_string(scene.book().join("rollbook.toml")).unwrap();
    std::fs::write(&file, format!("{config}{TWO_STAGES}")).unwrap();
    let stricter = tried(&engine.policy_in(&file).unwrap());
    let expected = format!(
        "{ran} ran true: One person must approve the plan; there is that of sam.\n\
         The rule wiki waits for Dan Dogwood (stage 2 of 2).\n"
    );
    assert!(stricter.contains(&expected), "{stricter}");
    assert_eq!(crate::scene::kinds(&engine), events);
}

#[tokio::test]
async fn what_in_the_policy_cannot_be_met_is_said() {
    let scene = Scene::new().await;
    scene.configure(
        "[[policy.approval.rule]]\nname = \"two\"\n\
         stages = [{ of = [\"Dan Dogwood\", \"dan@example.com\"] }]\n",
    );
    scene.workers(&[("Eve", "2026-01-31")]);
    let engine = scene.synced().await;
    assert_eq!(
        engine.policy_doubts().unwrap(),
        [
            "The rule two asks for 2 of Dan Dogwood, dan@example.com, who are 1 at most: some of these \
             names mean one human. It can never be met."
        ]
    );
    scene.configure("[policy.approval]\napprovers = [\"Eve Elm\", \"Gail Gorse\"]\n");
    drop(engine);
    let doubts = scene.open().policy_doubts().unwrap();
    assert_eq!(
        doubts,
        ["Eve Elm may approve, and has not worked here since 2026-02-01. Name somebody else."]
    );
}
