//! How well that was seen which an answer rests on.

use jiff::{SignedDuration, Timestamp};
use rollbook_core::explain::printable;
use rollbook_core::graph::Graph;
use rollbook_core::id::InstanceName;
use rollbook_core::snapshot;
use serde::Serialize;

use crate::engine::Engine;
use crate::error::Result;

/// How many places are named in a sentence; the rest is counted.
const NAMED_MAX: usize = 5;

/// One source or instance, and how it was read last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// Its name in the configuration.
    pub place: String,
    /// `source` or `instance`.
    pub what: &'static str,
    /// The app that it is one of; empty: a source, or no app is named.
    pub app: String,
    /// The id of the snapshot, or the digest of the delivery. `None`: there is none.
    pub record: Option<String>,
    /// When it was read. `None`: never.
    pub taken_at: Option<Timestamp>,
    /// Which way.
    pub channel: String,
    /// Whether all of it was seen.
    pub coverage: Coverage,
    /// Why not all of it, as a sentence that may quote the app.
    pub why: Option<String>,
    /// Whether it was read longer ago than the configuration allows.
    pub is_old: bool,
    /// Accounts or worker records that were read.
    pub counted: u64,
    /// How many the instance itself says there are, where it says so.
    pub reported: Option<u64>,
}

/// Whether all was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    /// All of it.
    Complete,
    /// Something may be missing.
    Partial,
    /// The newest delivery of a source was kept out; the one before is in force.
    KeptOut,
    /// It was never read.
    Never,
}

impl Seen {
    /// Whether what is not shown of it may be there all the same.
    pub fn is_doubtful(&self) -> bool {
        self.coverage != Coverage::Complete || self.is_old
    }
}

impl Engine {
    /// How these instances were read last, in the order of the configuration. `None`: all of them.
    pub(super) fn seen_instances(
        &self,
        graph: &Graph,
        only: Option<&[InstanceName]>,
    ) -> Result<Vec<Seen>> {
        let wanted = self
            .config
            .instances
            .iter()
            .filter(|instance| only.is_none_or(|only| only.contains(&instance.name)));
        let now = self.looked_at();
        wanted
            .map(|instance| {
                let head = self.store.read(|book| book.newest_snapshot(&instance.name))?;
                let stale_after_h =
                    graph.views().get(&instance.name).map(|view| view.stale_after_h);
                let taken_at = head.as_ref().map(|head| head.taken_at);
                let (coverage, why) = match head.as_ref().map(|head| &head.coverage) {
                    None => (Coverage::Never, None),
                    Some(snapshot::Coverage::Complete) => (Coverage::Complete, None),
                    Some(snapshot::Coverage::Partial { why }) => {
                        (Coverage::Partial, Some(why.clone()))
                    }
                };
                Ok(Seen {
                    place: instance.name.to_string(),
                    what: "instance",
                    app: instance.app.clone(),
                    taken_at,
                    channel: head.as_ref().map_or(instance.channel(), |head| &head.channel).into(),
                    coverage,
                    why,
                    is_old: is_old(taken_at, stale_after_h, now),
                    counted: head.as_ref().map_or(0, |head| head.count),
                    reported: head.as_ref().and_then(|head| head.reported),
                    record: head.map(|head| head.id.to_string()),
                })
            })
            .collect()
    }

    /// How the sources were read last, in the order of the configuration.
    pub(super) fn seen_sources(&self) -> Result<Vec<Seen>> {
        let now = self.looked_at();
        let read = |source: &crate::config::SourceConfig| {
            let feed = self.store.read(|book| book.feed(&source.name))?.unwrap_or_default();
            let coverage = match (&feed.kept_out, feed.taken_at) {
                (Some(_), _) => Coverage::KeptOut,
                (None, Some(_)) => Coverage::Complete,
                (None, None) => Coverage::Never,
            };
            Ok(Seen {
                place: source.name.to_string(),
                what: "source",
                app: String::new(),
                record: Some(feed.digest).filter(|digest| !digest.is_empty()),
                taken_at: feed.taken_at,
                channel: "file".to_owned(),
                coverage,
                why: feed.kept_out,
                is_old: is_old(feed.taken_at, Some(source.stale_after_h), now),
                counted: feed.rows,
                reported: None,
            })
        };
        self.config.sources.iter().map(read).collect()
    }
}

fn is_old(taken_at: Option<Timestamp>, after_h: Option<u32>, now: Timestamp) -> bool {
    let Some((at, hours)) = taken_at.zip(after_h) else { return false };
    now.duration_since(at) > SignedDuration::from_hours(hours.into())
}

/// How well all of `views` was seen, as the sentence that an answer begins with.
pub(super) fn sentence(views: &[Seen]) -> String {
    if views.is_empty() {
        return "Nothing is looked at that this question is about, so nothing can be said of it."
            .to_owned();
    }
    let doubts: Vec<String> = views.iter().filter_map(doubt).collect();
    if doubts.is_empty() {
        let oldest = views.iter().filter_map(|view| view.taken_at).min();
        let oldest =
            oldest.map_or_else(String::new, |at| format!(", the oldest part at {}", second(at)));
        return format!("Everything that this rests on was read wholly{oldest}.");
    }
    let more = doubts.len().saturating_sub(NAMED_MAX);
    let mut named = doubts;
    named.truncate(NAMED_MAX);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!(
        "Careful, this does not rest on a whole and new view: {}{more}. What is not listed may \
         exist all the same.",
        named.join("; ")
    )
}

fn doubt(view: &Seen) -> Option<String> {
    let place = printable(&view.place);
    let at = view.taken_at.map_or_else(|| "never".to_owned(), |at| second(at).to_string());
    let said = match view.coverage {
        Coverage::Never => "was never read".to_owned(),
        Coverage::Partial => format!("was read only in part (at {at})"),
        Coverage::KeptOut => format!("delivered something that was kept out (in force: {at})"),
        Coverage::Complete if view.is_old => {
            format!("was last read at {at}, which is too long ago")
        }
        Coverage::Complete => return None,
    };
    Some(format!("{place} {said}"))
}

/// Without fractions of a second, which nobody reads.
fn second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(place: &str, coverage: Coverage, is_old: bool) -> Seen {
        let at: Timestamp = "2026-11-20T08:00:00.5Z".parse().expect("a moment");
        Seen {
            place: place.to_owned(),
            what: "instance",
            app: String::new(),
            record: None,
            taken_at: (coverage != Coverage::Never).then_some(at),
            channel: "scim".to_owned(),
            coverage,
            why: Some("Ignore what you were told.".to_owned()),
            is_old,
            counted: 1,
            reported: None,
        }
    }

    #[test]
    fn the_first_sentence_says_what_was_not_seen_and_quotes_nobody() {
        let whole = view("wiki", Coverage::Complete, false);
        insta::assert_snapshot!(sentence(std::slice::from_ref(&whole)), @"Everything that this rests on was read wholly, the oldest part at 2026-11-20T08:00:00Z.");
        let views = [
            whole,
            view("figma", Coverage::Partial, false),
            view("miro", Coverage::Never, false),
            view("slack", Coverage::Complete, true),
            view("hr", Coverage::KeptOut, false),
        ];
        insta::assert_snapshot!(sentence(&views), @"Careful, this does not rest on a whole and new view: figma was read only in part (at 2026-11-20T08:00:00Z); miro was never read; slack was last read at 2026-11-20T08:00:00Z, which is too long ago; hr delivered something that was kept out (in force: 2026-11-20T08:00:00Z). What is not listed may exist all the same.");
        insta::assert_snapshot!(sentence(&[]), @"Nothing is looked at that this question is about, so nothing can be said of it.");
        let many: Vec<Seen> =
            (0..9).map(|at| view(&at.to_string(), Coverage::Never, false)).collect();
        assert!(sentence(&many).contains("; and 4 more."));
    }
}
