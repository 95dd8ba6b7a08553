//! A large estate: worker records and the exports of many instances, as CSV files in a workspace
//! folder whose `rollbook.toml` reads them.
//!
//! Every twentieth record is a second spell under the number of a human who has one already. One
//! human in five has left. Instances differ in what an account carries: the worker number, the
//! number as the login, nothing but an address, or a mixture. Some addresses belong to two humans,
//! some accounts to nobody, some humans have none, and a few addresses were given again after somebody had left.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use jiff::civil::{Date, date};

use crate::dice::{Dice, mixed};

/// The day on which the estate is looked at.
pub const TODAY: Date = date(2026, 11, 21);

/// Rights by birth in the policy: one for each of so many instances, and one for any of them.
const BIRTHRIGHTS: usize = 5;

const GIVEN: &[&str] = &[
    "ana", "ben", "chiara", "daan", "elif", "femke", "goran", "hanna", "ines", "jan", "karin",
    "lars", "maria", "nina", "olaf", "pia", "quirin", "rosa", "sofie", "tariq", "ute", "vera",
    "wout", "xenia", "yara", "zofia",
];
const FAMILY: &[&str] = &[
    "aalto", "bakker", "costa", "dupont", "eriksen", "ferrari", "garcia", "hansen", "ivanova",
    "jansen", "kowalska", "lopez", "meyer", "novak", "olsen", "peeters", "quist", "rossi",
    "santos", "tamm", "urban", "visser", "weber", "xanthos", "yilmaz", "zieba",
];

/// How large.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Worker records.
    pub records: u64,
    /// Instances.
    pub instances: u64,
    /// Accounts in each instance.
    pub accounts: u64,
}

/// One human. Everything about them follows from their place in the estate.
struct Human {
    at: u64,
    has_left: bool,
    starts: i32,
    ends: i32,
}

impl Human {
    fn at(at: u64) -> Self {
        let mut dice = Dice::new(at);
        let has_left = dice.hits(200);
        let starts = to_i32(dice.below(4000)) - 4400;
        let ends = starts + 1 + to_i32(dice.below(u64::from((-starts).unsigned_abs())));
        Self { at, has_left, starts, ends: ends.min(0) }
    }

    fn kind(&self) -> &'static str {
        match mixed(self.at ^ 1) % 20 {
            0..17 => "employment",
            17..19 => "contract",
            _ => "registration",
        }
    }

    fn number(&self) -> u64 {
        100_000_000 + (self.at.wrapping_mul(2_654_435_761) & 0x7FF_FFFF)
    }

    fn name(&self) -> (&'static str, &'static str) {
        let mut dice = Dice::new(self.at ^ 2);
        (dice.pick(GIVEN), dice.pick(FAMILY))
    }

    /// Every 250th human has the address of the one before; every 200th has none.
    fn write_email(&self, into: &mut String) {
        let whose = if self.at % 250 == 249 { self.at - 1 } else { self.at };
        if whose % 200 == 199 {
            return;
        }
        let (given, family) = Self::at(whose).name();
        write!(into, "{given}.{family}{whose}@example.com").expect("text takes all");
    }
}

/// Writes the whole estate into `folder`, which is made.
///
/// # Errors
/// If the folder or a file cannot be written.
pub fn write(folder: &Path, size: Size) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let humans = size.records - size.records / 20;
    write_workers(&folder.join("workers.csv"), humans, size.records)?;
    for pair in (0..size.instances).collect::<Vec<_>>().chunks(2) {
        std::thread::scope(|scope| {
            let files = pair.iter().map(|&instance| {
                let path = folder.join(format!("accounts-{instance:02}.csv"));
                scope.spawn(move || write_accounts(&path, instance, humans, size.accounts))
            });
            let running: Vec<_> = files.collect();
            running.into_iter().try_for_each(|file| file.join().expect("it does not panic"))
        })?;
    }
    fs::write(folder.join("rollbook.toml"), configuration(size))
}

fn write_workers(path: &Path, humans: u64, records: u64) -> io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    writeln!(file, "number,kind,first_day,last_day,work_email,unit,given,family")?;
    let mut line = String::new();
    for at in 0..records {
        // The last records are earlier spells of humans who are in the file already.
        let again = at >= humans;
        let human = Human::at(if again { (at - humans) * 19 % humans } else { at });
        let (starts, ends) = match again {
            true => (human.starts - 400, Some(human.starts - 30)),
            false => (human.starts, human.has_left.then_some(human.ends - 1)),
        };
        let (given, family) = human.name();
        line.clear();
        write!(line, "{},{},{},", human.number(), human.kind(), day(starts)).expect("text");
        if let Some(ends) = ends {
            write!(line, "{}", day(ends)).expect("text takes all");
        }
        line.push(',');
        human.write_email(&mut line);
        let unit = mixed(human.at ^ 3) % 400;
        writeln!(line, ",unit-{unit},{given},{family}").expect("text takes all");
        file.write_all(line.as_bytes())?;
    }
    file.flush()
}

/// What an account of an instance carries.
#[derive(Clone, Copy)]
enum Carries {
    Number,
    NumberAsLogin,
    Address,
    Some,
}

fn write_accounts(path: &Path, instance: u64, humans: u64, accounts: u64) -> io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    writeln!(file, "id,login,display_name,email,employee_number,state,created")?;
    let carries = match instance % 4 {
        0 => Carries::Number,
        1 => Carries::NumberAsLogin,
        2 => Carries::Address,
        _ => Carries::Some,
    };
    let stride = coprime(mixed(instance + 77) % humans, humans);
    let mut line = String::new();
    for at in 0..accounts {
        let mut dice = Dice::new(instance << 40 | at);
        line.clear();
        write!(line, "{:08x}{at:08x},", instance * 0x0101).expect("text takes all");
        if dice.hits(60) {
            nobodys(&mut line, &mut dice, at);
        } else {
            let place = u128::from(at) * u128::from(stride) + u128::from(instance);
            let human = u64::try_from(place % u128::from(humans)).expect("it is below a u64");
            match human % 1000 {
                // One in a thousand has no account anywhere.
                7 => nobodys(&mut line, &mut dice, at),
                _ => somebodys(&mut line, &mut dice, &Human::at(human), carries),
            }
        }
        file.write_all(line.as_bytes())?;
    }
    file.flush()
}

fn somebodys(line: &mut String, dice: &mut Dice, human: &Human, carries: Carries) {
    let (given, family) = human.name();
    let number = human.number();
    let (login, email, has_number) = match carries {
        Carries::Number => (false, true, true),
        Carries::NumberAsLogin => (true, false, false),
        Carries::Address => (false, true, false),
        Carries::Some => (dice.hits(300), dice.hits(700), dice.hits(400)),
    };
    match login {
        true => write!(line, "{number}"),
        false => write!(line, "{}{}{}", &given[..1], family, human.at),
    }
    .expect("text takes all");
    write!(line, ",{given} {family},").expect("text takes all");
    if email {
        human.write_email(line);
    }
    line.push(',');
    if has_number {
        write!(line, "{number}").expect("text takes all");
    }
    let state = match (human.has_left, dice.below(100)) {
        (true, 0..3) => "active",
        (true, 3..70) => "suspended",
        (true, _) => "deleted",
        (false, 0..96) => "active",
        (false, 96..98) => "invited",
        (false, _) => "suspended",
    };
    let again = human.has_left && dice.hits(5);
    let created = if again { human.ends } else { human.starts };
    writeln!(line, ",{state},{}", day(created)).expect("text takes all");
}

fn nobodys(line: &mut String, dice: &mut Dice, at: u64) {
    let state = if dice.hits(700) { "active" } else { "suspended" };
    let created = day(-to_i32(dice.below(3000)));
    if dice.hits(300) {
        writeln!(line, "svc-{at},integration {at},,,{state},{created}").expect("text takes all");
    } else {
        let (given, family) = (dice.pick(GIVEN), dice.pick(FAMILY));
        let _ = writeln!(
            line,
            "{given}{at},{given} {family},{given}.{family}.x{at}@example.com,9{at:08},{state},{created}"
        );
    }
}

/// The day so many days after today.
fn day(offset: i32) -> Date {
    TODAY.saturating_add(jiff::Span::new().days(offset))
}

fn to_i32(number: u64) -> i32 {
    i32::try_from(number).expect("only small numbers are thrown")
}

/// The first number from `from` on that shares no factor with `with`.
fn coprime(from: u64, with: u64) -> u64 {
    let shares = |number: u64| {
        let (mut left, mut right) = (number, with);
        while right != 0 {
            (left, right) = (right, left % right);
        }
        left != 1
    };
    (from.max(1)..).find(|&number| !shares(number)).expect("there is always a prime further on")
}

fn configuration(size: Size) -> String {
    let mut text = String::from(
        r#"# Made by the benchmark.
[workspace]
name = "Large estate"
time_zone = "Europe/Amsterdam"
employer_domains = ["example.com"]

[[source]]
name = "hr"
path = "workers.csv"
columns = { number = "number", kind = "kind", starts = "first_day", ends = "last_day", work_email = "work_email", unit = "unit", given = "given", family = "family" }
"#,
    );
    for instance in 0..size.instances {
        let covers =
            if instance % 5 == 4 { "covers = [\"employment\", \"contract\"]\n" } else { "" };
        write!(
            text,
            r#"
[[instance]]
name = "app-{instance:02}"
stale_after_h = 1000000
{covers}[instance.file]
path = "accounts-{instance:02}.csv"
columns = {{ key = "id", login = "login", display_name = "display_name", email = "email", worker_number = "employee_number", state = "state", created = "created" }}
"#
        )
        .expect("text takes all");
    }
    for instance in (0..size.instances).take(BIRTHRIGHTS) {
        write!(
            text,
            "\n[[policy.birthright]]\ninstance = \"app-{instance:02}\"\nkinds = [\"employment\"]\n"
        )
        .expect("text takes all");
    }
    text.push_str("\n[[policy.birthright]]\ninstance = \"*\"\n");
    text
}
