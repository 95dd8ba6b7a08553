//! `rollbook-sandbox`: a company with its two apps, until standard input ends.
//!
//! It prints what a client has to know as JSON lines on standard output. When standard input ends,
//! it says on standard error which faults fired less often than they must, and exits with 1 if
//! there are any.
#![forbid(unsafe_code)]

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use rollbook_testkit::sandbox::{Sandbox, Wish};
use rollbook_testkit::{Fault, Profile};

const USAGE: &str = "\
Usage: rollbook-sandbox FOLDER [OPTION]...
  --seed N          which company (default 7)
  --today DAY       the day it is looked at (default: the clock's, in UTC)
  --port N          the port of the SCIM app (default: a free one)
  --profile NAME    full or mindtickle, or a profile as JSON (default mindtickle)
  --fault JSON      something that goes wrong in the SCIM app; may be repeated
  --ledger FILE     append every effect to FILE as a JSON line
";

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(code) => code,
        Err(sentence) => {
            say(&sentence);
            ExitCode::from(2)
        }
    }
}

async fn run() -> Result<ExitCode, String> {
    let (folder, wish) = read_arguments(std::env::args().skip(1))?;
    let sandbox = Sandbox::start(&folder, wish).await;
    let sandbox = sandbox.map_err(|error| format!("The sandbox cannot start: {error}."))?;
    for line in sandbox.lines() {
        writeln!(io::stdout(), "{line}").map_err(|error| error.to_string())?;
    }
    let until_the_end = tokio::task::spawn_blocking(|| {
        // What comes in does not matter, only that it ends.
        io::stdin().read_to_end(&mut Vec::new())
    });
    drop(until_the_end.await);
    let unfired = sandbox.vendor.unfired();
    unfired.iter().for_each(|sentence| say(sentence));
    Ok(if unfired.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn say(sentence: &str) {
    // Without standard error there is nobody to tell.
    drop(writeln!(io::stderr(), "{sentence}"));
}

fn read_arguments(mut arguments: impl Iterator<Item = String>) -> Result<(PathBuf, Wish), String> {
    let mut folder = None;
    let mut wish = Wish::demo(jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date());
    while let Some(argument) = arguments.next() {
        if !argument.starts_with("--") {
            folder = Some(PathBuf::from(argument));
            continue;
        }
        let value =
            arguments.next().ok_or_else(|| format!("{argument} needs a value.\n{USAGE}"))?;
        let wrong = |why: String| format!("{argument} {value}: {why}.\n{USAGE}");
        match argument.as_str() {
            "--seed" => wish.seed = value.parse().map_err(|it| wrong(format!("{it}")))?,
            "--today" => wish.today = value.parse().map_err(|it| wrong(format!("{it}")))?,
            "--port" => wish.port = value.parse().map_err(|it| wrong(format!("{it}")))?,
            "--profile" => {
                wish.profile = match Profile::named(&value) {
                    Some(profile) => profile,
                    None => serde_json::from_str(&value).map_err(|it| wrong(format!("{it}")))?,
                }
            }
            "--fault" => {
                let fault: Fault =
                    serde_json::from_str(&value).map_err(|it| wrong(it.to_string()))?;
                wish.faults.push(fault);
            }
            "--ledger" => wish.ledger = Some(PathBuf::from(value)),
            _ => return Err(wrong("there is no such option".to_owned())),
        }
    }
    Ok((folder.ok_or(USAGE)?, wish))
}
