//! What probes of one instance found out, and what that makes of its app there: facts and ways.
//!
//! A probe can prove what a channel does, take away what does not work, and make something known as
//! being for good. It never adds what the app's file does not give the channel.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rollbook_core::change::{Basis, Verb};
use rollbook_core::harm::Harm;
use rollbook_core::reach::Way;

use crate::{App, Fact, Key, Value};

/// The channel that probes speak to.
const PROBED_CHANNEL: &str = "scim";

/// What probes of one instance found out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// The instance's name.
    pub instance: String,
    /// The newest answer to each question, in the order of the questions.
    pub answers: Vec<Answer>,
}

/// One thing that was found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The question's name, e.g. `delete.effect`.
    pub question: String,
    /// What it asks, as a sentence.
    pub asks: String,
    /// What the server does, as one word or number.
    pub value: String,
    /// The same as a sentence.
    pub says: String,
    /// The day of the probe.
    pub on: Date,
}

/// What an answer proves of one operation.
enum Proof<'a> {
    Works,
    /// It works, and nothing brings back what was.
    WorksForGood,
    /// The account is deleted by it.
    Deletes,
    Fails(&'a Answer),
}

impl Tried {
    /// The answer to a question as one word; empty: it was never answered.
    pub fn value(&self, question: &str) -> &str {
        self.answer(question).map_or("", |answer| &answer.value)
    }

    /// The day of the newest answer to any of these questions.
    pub fn newest(&self, questions: &[&str]) -> Option<Date> {
        questions.iter().filter_map(|question| self.answer(question)).map(|it| it.on).max()
    }

    /// Who says so, for what was found on this day.
    pub fn source(&self, on: Date) -> String {
        format!("Probe of the instance {} on {on}", self.instance)
    }

    /// The app as this instance of it is: what was found out stands beside what its file says.
    #[must_use]
    pub fn app(&self, app: &App) -> App {
        let mut app = app.clone();
        app.facts.extend(self.facts());
        let place = |fact: &Fact| crate::KEYS.iter().position(|key| key == fact.key);
        app.facts.sort_by_key(place);
        for route in &mut app.routes {
            route.way = self.way(std::mem::take(&mut route.way));
        }
        app
    }

    /// What `way` is on this instance. Nothing is added that the channel cannot do.
    #[must_use]
    pub fn way(&self, mut way: Way) -> Way {
        if way.channel != PROBED_CHANNEL {
            return way;
        }
        for (verb, proof) in self.proofs() {
            let Some(ability) = way.can.get_mut(&verb) else { continue };
            ability.basis = Basis::Probed;
            match proof {
                Proof::Works => {}
                Proof::WorksForGood => ability.reversible = false,
                Proof::Deletes => {
                    ability.reversible = false;
                    ability.harms.insert(Harm::Deletes);
                }
                Proof::Fails(answer) => {
                    let says = &answer.says;
                    let why = format!("It was tried there on {}: {says}", answer.on);
                    way.can.remove(&verb);
                    way.cannot.insert(verb, why);
                }
            }
        }
        way
    }

    /// The day on which it was last tried whether `verb` works.
    pub(crate) fn tried_on(&self, verb: Verb) -> Option<Date> {
        self.newest(match verb {
            Verb::Create => &["create.answer"],
            Verb::Update => &["patch.set_and_remove", "put.active"],
            Verb::Suspend | Verb::Reactivate => {
                &["patch.active_path", "patch.active_pathless", "put.active"]
            }
            Verb::Remove => &["delete.effect"],
            Verb::Grant => &["list.groups", "group.add_member"],
            Verb::Revoke => &["list.groups", "group.remove_member", "group.remove_by_value"],
        })
    }

    fn answer(&self, question: &str) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.question == question)
    }

    /// The answer to `question`, if it is one of `values`.
    fn is(&self, question: &str, values: &[&str]) -> Option<&Answer> {
        self.answer(question).filter(|answer| values.contains(&answer.value.as_str()))
    }

    fn proofs(&self) -> BTreeMap<Verb, Proof<'_>> {
        let parts = [self.switching(), self.changing(), self.removing(), self.grouping()];
        parts.into_iter().flatten().collect()
    }

    /// Suspending and reactivating: the channel knows three forms, so it takes all three to fail.
    fn switching(&self) -> Vec<(Verb, Proof<'_>)> {
        let patches = ["patch.active_path", "patch.active_pathless"];
        let any = |value: &str| patches.iter().find_map(|form| self.is(form, &[value]));
        if let Some(answer) = any("removed") {
            return vec![(Verb::Suspend, Proof::Deletes), (Verb::Reactivate, Proof::Fails(answer))];
        }
        if any("honoured").or(self.is("put.active", &["honoured"])).is_some() {
            return vec![(Verb::Suspend, Proof::Works), (Verb::Reactivate, Proof::Works)];
        }
        let fails = |form: &str| self.is(form, &["absent", "refused", "ignored"]);
        if !patches.iter().all(|form| fails(form).is_some()) {
            return Vec::new();
        }
        let off_only = self.is("put.active", &["off_only"]);
        if let Some(answer) = off_only {
            let back = (Verb::Reactivate, Proof::Fails(answer));
            return vec![(Verb::Suspend, Proof::WorksForGood), back];
        }
        let Some(answer) = fails("put.active") else { return Vec::new() };
        vec![(Verb::Suspend, Proof::Fails(answer)), (Verb::Reactivate, Proof::Fails(answer))]
    }

    /// Creating and updating. A create that is refused proves nothing: another account may be made of
    /// other attributes.
    fn changing(&self) -> Vec<(Verb, Proof<'_>)> {
        let create = self.is("create.answer", &["201", "201_odd"]);
        let create = create.map(|_| (Verb::Create, Proof::Works));
        let no_patch = self.is("patch.set_and_remove", &["absent"]);
        let no_put = self.is("put.active", &["absent", "refused"]);
        let update = match (self.is("patch.set_and_remove", &["honoured"]), no_patch, no_put) {
            (Some(_), ..) => Some(Proof::Works),
            (None, Some(_), Some(answer)) => Some(Proof::Fails(answer)),
            _ => None,
        };
        create.into_iter().chain(update.map(|proof| (Verb::Update, proof))).collect()
    }

    fn removing(&self) -> Vec<(Verb, Proof<'_>)> {
        let Some(answer) = self.answer("delete.effect") else { return Vec::new() };
        match answer.value.as_str() {
            "delete" => vec![(Verb::Remove, Proof::Works)],
            "deactivate" | "unsupported" | "refused" | "nothing" => {
                vec![(Verb::Remove, Proof::Fails(answer))]
            }
            _ => Vec::new(),
        }
    }

    /// Groups. That one form of adding a member fails proves nothing: the channel knows two more.
    fn grouping(&self) -> Vec<(Verb, Proof<'_>)> {
        if let Some(answer) = self.is("list.groups", &["none"]) {
            return vec![(Verb::Grant, Proof::Fails(answer)), (Verb::Revoke, Proof::Fails(answer))];
        }
        let grant = self.is("group.add_member", &["honoured"]).map(|_| (Verb::Grant, Proof::Works));
        let by_filter = self.is("group.remove_member", &["honoured"]);
        let by_value = self.is("group.remove_by_value", &["understood"]);
        let fails = |form: &str| self.is(form, &["ignored", "refused"]);
        let both_fail = fails("group.remove_member").and(fails("group.remove_by_value"));
        let revoke = match (by_filter.or(by_value), both_fail) {
            (Some(_), _) => Some(Proof::Works),
            (None, both_fail) => both_fail.map(Proof::Fails),
        };
        grant.into_iter().chain(revoke.map(|proof| (Verb::Revoke, proof))).collect()
    }

    /// What was found out that an app file has a key for.
    fn facts(&self) -> Vec<Fact> {
        let text = |word: &str| Some(Value::Text(word.to_owned()));
        let list =
            |words: &[&str]| Some(Value::List(words.iter().map(|&word| word.to_owned()).collect()));
        let number = |question| self.value(question).parse().ok().map(Value::Number);
        let patch = ["patch.active_path", "patch.active_pathless"];
        let paging = ["list.start_index", "paging.cursor"];
        let known: [(&str, &[&str], Option<Value>); 7] = [
            (
                "scim.resources",
                &["list.groups"],
                match self.value("list.groups") {
                    "there" | "no_total" => list(&["Users", "Groups"]),
                    "none" => list(&["Users"]),
                    _ => None,
                },
            ),
            (
                "scim.patch",
                &patch,
                match patch.map(|form| self.value(form)) {
                    ["honoured", "honoured"] => text("supported"),
                    ["honoured", other] | [other, "honoured"] if !other.is_empty() => {
                        text("partial")
                    }
                    [path, pathless] if !path.is_empty() && !pathless.is_empty() => {
                        self.is("put.active", &["honoured"]).and_then(|_| text("put_only"))
                    }
                    _ => None,
                },
            ),
            (
                "scim.delete",
                &["delete.effect"],
                self.is("delete.effect", &["delete", "deactivate", "unsupported"])
                    .and_then(|answer| text(&answer.value)),
            ),
            (
                "scim.filters",
                &["filter.login"],
                self.is("filter.login", &["works"]).and_then(|_| list(&["userName eq"])),
            ),
            (
                "scim.paging",
                &paging,
                match paging.map(|question| self.value(question)) {
                    [_, "works"] => text("cursor"),
                    ["honoured", _] => text("start_index"),
                    _ => None,
                },
            ),
            ("scim.page_size", &["list.default_page"], number("list.default_page")),
            ("scim.page_size_max", &["list.max_page"], number("list.max_page")),
        ];
        let known = known.into_iter().filter_map(|(key, questions, value)| {
            Some((Key::named(key)?, value?, self.newest(questions)?))
        });
        known
            .map(|(key, value, on)| Fact {
                key,
                value,
                basis: Basis::Probed,
                source: Some(self.source(on)),
                checked_on: on,
            })
            .collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use rollbook_core::change::Basis;
    use rollbook_core::reach::Ability;

    use super::*;

    /// What a probe of `wiki` found on 20 November 2026.
    pub(crate) fn tried(found: &[(&str, &str)]) -> Tried {
        let answers = found.iter().map(|(question, value)| Answer {
            question: (*question).to_owned(),
            asks: format!("{question}?"),
            value: (*value).to_owned(),
            says: format!("{question} is {value}."),
            on: jiff::civil::date(2026, 11, 20),
        });
        Tried { instance: "wiki".to_owned(), answers: answers.collect() }
    }

    /// Each operation of a way that can do everything, as it is after these answers.
    fn check(found: &[(&str, &str)]) -> String {
        let verbs = [
            Verb::Create,
            Verb::Update,
            Verb::Suspend,
            Verb::Reactivate,
            Verb::Grant,
            Verb::Revoke,
        ];
        let way = Way::new("scim")
            .reversibly(&verbs, Basis::Documented)
            .for_good(&[Verb::Remove], Basis::Recalled);
        let way = tried(found).way(way);
        let able = |(verb, it): (&Verb, &Ability)| {
            let back = if it.reversible { "" } else { " for good" };
            let harms: String = it.harms.iter().map(|harm| format!(" {harm:?}")).collect();
            format!("{}{back}{harms}", verb.as_str())
        };
        let proven = way.can.iter().filter(|(_, it)| it.basis == Basis::Probed).map(able);
        let cannot = way.cannot.iter().map(|(verb, why)| format!("not {}: {why}", verb.as_str()));
        proven.chain(cannot).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_was_not_tried_stays_as_it_is_written() {
        assert_eq!(check(&[]), "");
        assert_eq!(check(&[("create.answer", "refused"), ("group.add_member", "refused")]), "");
        let one_form = [("patch.active_path", "ignored"), ("patch.active_pathless", "refused")];
        assert_eq!(check(&one_form), "", "PUT may work");
    }

    #[test]
    fn what_works_is_probed_and_no_more_than_that() {
        let found = [
            ("create.answer", "201_odd"),
            ("patch.active_path", "refused"),
            ("patch.active_pathless", "honoured"),
            ("patch.set_and_remove", "honoured"),
            ("delete.effect", "delete"),
            ("group.add_member", "honoured"),
            ("group.remove_by_value", "understood"),
        ];
        assert_eq!(
            check(&found),
            "create\nupdate\nsuspend\nreactivate\nremove for good\ngrant\nrevoke"
        );
        let narrow = Way::new("scim").reversibly(&[Verb::Suspend], Basis::Documented);
        let proven: Vec<Verb> = tried(&found).way(narrow).can.into_keys().collect();
        assert_eq!(proven, [Verb::Suspend], "a probe gives a channel nothing");
        let file = Way::new("file").reversibly(&[Verb::Suspend], Basis::Documented);
        assert_eq!(tried(&found).way(file.clone()), file, "another channel was not probed");
    }

    #[test]
    fn a_delete_that_only_switches_off_is_no_remove() {
        assert_eq!(
            check(&[("delete.effect", "deactivate")]),
            "not remove: It was tried there on 2026-11-20: delete.effect is deactivate."
        );
    }

    #[test]
    fn switching_off_is_out_where_all_three_forms_fail() {
        let no_patch = [("patch.active_path", "absent"), ("patch.active_pathless", "ignored")];
        let with = |put| check(&[&no_patch[..], &[("put.active", put)]].concat());
        assert_eq!(with("honoured"), "suspend\nreactivate");
        assert_eq!(
            with("off_only"),
            "suspend for good\n\
             not reactivate: It was tried there on 2026-11-20: put.active is off_only."
        );
        assert_eq!(
            with("refused"),
            "not suspend: It was tried there on 2026-11-20: put.active is refused.\n\
             not reactivate: It was tried there on 2026-11-20: put.active is refused."
        );
    }

    #[test]
    fn an_app_that_deletes_whom_it_is_told_to_suspend_is_known_for_it() {
        assert_eq!(
            check(&[("patch.active_path", "removed"), ("put.active", "honoured")]),
            "suspend for good Deletes\n\
             not reactivate: It was tried there on 2026-11-20: patch.active_path is removed."
        );
    }

    #[test]
    fn without_groups_nothing_is_granted() {
        assert_eq!(
            check(&[("list.groups", "none"), ("group.add_member", "honoured")]),
            "not grant: It was tried there on 2026-11-20: list.groups is none.\n\
             not revoke: It was tried there on 2026-11-20: list.groups is none."
        );
    }
}
