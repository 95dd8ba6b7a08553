//! `estate FOLDER RECORDS INSTANCES ACCOUNTS`: writes the estate of the reconcile benchmark.

#![forbid(unsafe_code)]

use std::path::Path;
use std::process::ExitCode;

use rollbook_bench::estate::{self, Size};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let numbers: Option<Vec<u64>> =
        arguments.iter().skip(1).map(|text| text.parse().ok()).collect();
    let (Some(folder), Some(&[records, instances, accounts])) =
        (arguments.first(), numbers.as_deref())
    else {
        return fail("Say FOLDER RECORDS INSTANCES ACCOUNTS; the last is for each instance.");
    };
    match estate::write(Path::new(folder), Size { records, instances, accounts }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => fail(&format!("The estate could not be written to {folder}: {e}.")),
    }
}

#[expect(clippy::print_stderr, reason = "this program has no other face")]
fn fail(said: &str) -> ExitCode {
    eprintln!("{said}");
    ExitCode::FAILURE
}
