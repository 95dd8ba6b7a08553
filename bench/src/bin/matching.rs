//! `matching HUMANS ACCOUNTS`: how long the matcher takes on one core, and how right it is.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::time::Instant;

use rollbook_bench::people::{self, People};
use rollbook_core::identity;
use rollbook_core::link::{Link, LinkState};
use rollbook_core::matching::{self, Input};

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "this program has no other face")]
fn main() -> ExitCode {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let [humans, accounts] = numbers[..] else {
        eprintln!("Say HUMANS ACCOUNTS.");
        return ExitCode::FAILURE;
    };
    let People { records, accounts, owners } = people::make(humans, accounts);
    let begin = Instant::now();
    let resolution = identity::resolve(&records, &identity::Known::default(), &[]);
    let resolved_s = begin.elapsed().as_secs_f64();
    let begin = Instant::now();
    let links = matching::links(Input {
        identities: &resolution.identities,
        records: &records,
        accounts: &accounts,
        decisions: &[],
    });
    let linked_s = begin.elapsed().as_secs_f64();
    let is_of = |state: &str| links.iter().filter(|link| link.state.word() == state).count();
    let right = links.iter().zip(&owners).filter(|(link, owner)| automatic(link) == owner.as_ref());
    let right = right.filter(|(link, _)| automatic(link).is_some()).count();
    println!(
        "{{\"records\": {}, \"identities\": {}, \"accounts\": {}, \"resolve_s\": {resolved_s:.2}, \
         \"links_s\": {linked_s:.2}, \"auto\": {}, \"auto_right\": {right}, \"suggested\": {}, \
         \"none\": {}}}",
        records.len(),
        resolution.identities.len(),
        accounts.len(),
        is_of("auto"),
        is_of("suggested"),
        is_of("none"),
    );
    ExitCode::SUCCESS
}

/// The record of the human to whom the account was linked without anybody being asked.
fn automatic(link: &Link) -> Option<&rollbook_core::id::RecordRef> {
    match &link.state {
        LinkState::Auto { owner } => owner.record.as_ref(),
        _ => None,
    }
}
