//! A folder of its own for each test, and the binary run in it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A folder with a workspace that is removed at the end.
pub(crate) struct Bench {
    dir: TempDir,
}

impl Bench {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self { dir: TempDir::new().expect("a folder for the test") }
    }

    /// A workspace with a small company: four people, one of whom has left, and a wiki that can
    /// only be exported.
    pub(crate) fn small_company() -> Self {
        let bench = Self::empty();
        assert_eq!(bench.run(&["init", ".", "--name", "Acme"]).code, 0);
        bench.write("in/workers.csv", WORKERS);
        bench.write("in/wiki.csv", WIKI);
        bench.write("rollbook.toml", CONFIG);
        bench
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn write(&self, file: &str, text: &str) -> PathBuf {
        let path = self.path().join(file);
        fs::create_dir_all(path.parent().expect("a file in the folder")).expect("a folder");
        fs::write(&path, text).expect("a file");
        path
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollbook"));
        command
            .args(arguments)
            .current_dir(self.path())
            .stdin(Stdio::null())
            .env_clear()
            .env("ROLLBOOK_BY", "Robin Vale");
        command
    }

    /// Runs the binary in the folder; times, ids and paths are written in the same way every time.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let output = self.command(arguments).output().expect("the binary starts");
        self.normal(&output)
    }

    /// The same with text on standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Ran {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let mut stdin = child.stdin.take().expect("it was piped");
        stdin.write_all(input.as_bytes()).expect("it reads");
        drop(stdin);
        self.normal(&child.wait_with_output().expect("it ends"))
    }

    pub(crate) fn normal(&self, output: &Output) -> Ran {
        let text = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).expect("only UTF-8 is printed");
            let here = self.path().to_string_lossy();
            normal(&text.replace(here.as_ref(), "[DIR]"))
        };
        Ran {
            code: output.status.code().expect("no signal ended it"),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }
}

/// What a run of the binary gave.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Everything as one text for a snapshot.
    pub(crate) fn all(&self) -> String {
        let part = |name: &str, text: &str| match text {
            "" => String::new(),
            text => format!("--- {name}\n{text}"),
        };
        format!("{}{}--- exit {}", part("out", &self.out), part("err", &self.err), self.code)
    }

    /// Every line of standard output as JSON.
    pub(crate) fn json(&self) -> Vec<serde_json::Value> {
        assert_eq!(self.code, 0, "{}", self.all());
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        self.out.lines().map(parse).collect()
    }
}

/// Times and ids that differ from run to run, as constant words.
fn normal(text: &str) -> String {
    let mut normal = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        match ["fnd_", "pln_", "chg_", "run_", "snp_", "per_"]
            .iter()
            .find(|p| rest.starts_with(**p))
        {
            Some(prefix) if rest[4..].starts_with(|c: char| c.is_ascii_hexdigit()) => {
                let id = rest[4..].find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len() - 4);
                normal += &format!("{prefix}[ID]");
                rest = &rest[4 + id..];
            }
            _ => {
                match moment(rest).map(|n| (n, "[TIME]")).or(digest(rest).map(|n| (n, "[DIGEST]")))
                {
                    Some((length, word)) => {
                        normal += word;
                        rest = &rest[length..];
                    }
                    None => {
                        let next = rest.chars().next().map_or(1, char::len_utf8);
                        normal += &rest[..next];
                        rest = &rest[next..];
                    }
                }
            }
        }
    }
    normal
}

/// The length of the moment (`2026-11-21T10:00:00.5Z` or `2026-11-21 10:00`) that `text` begins
/// with.
fn moment(text: &str) -> Option<usize> {
    let shape = "0000-00-00 00:00";
    let fits = |(have, want): (u8, u8)| match want {
        b'0' => have.is_ascii_digit(),
        b' ' => have == b' ' || have == b'T',
        other => have == other,
    };
    let head = text.as_bytes().get(..shape.len())?;
    if !head.iter().copied().zip(shape.bytes()).all(fits) {
        return None;
    }
    let tail = text[shape.len()..].find(|c: char| !matches!(c, '0'..='9' | ':' | '.' | 'Z'));
    Some(shape.len() + tail.unwrap_or(text.len() - shape.len()))
}

/// The length of the SHA-256 in hex that `text` begins with.
fn digest(text: &str) -> Option<usize> {
    let end = text.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(text.len());
    (end == 64).then_some(end)
}

const CONFIG: &str = r#"
[workspace]
name = "Acme"
time_zone = "UTC"
employer_domains = ["acme.example"]

[[source]]
name = "hr"
path = "in/workers.csv"
[source.columns]
number = "Employee ID"
given = "First name"
family = "Last name"
display = "Full name"
work_email = "E-mail"
unit = "Department"
starts = "Start date"
ends = "End date"

[[instance]]
name = "wiki"
admin_roles = ["Admin"]
[instance.file]
path = "in/wiki.csv"
outbox = "out/wiki"
[instance.file.columns]
key = "User ID"
login = "User name"
display_name = "Name"
email = "E-mail"
state = "Status"
roles = "Roles"
"#;

const WORKERS: &str = "\
Employee ID,First name,Last name,Full name,E-mail,Department,Start date,End date
00101,Ana,Diaz,Ana Diaz,ana.diaz@acme.example,Sales,2019-03-01,2026-10-31
00102,Jan,Jansen,Jan Jansen,jan.jansen@acme.example,Sales,2020-01-01,
00103,Kim,Orlov,Kim Orlov,kim.orlov@acme.example,Sales,2015-01-01,
00104,Wei,Li,Wei Li,wei.li@acme.example,Finance,2022-05-01,
";

const WIKI: &str = "\
User ID,User name,Name,E-mail,Status,Roles
u1,ana.diaz,Ana Diaz,ana.diaz@acme.example,active,
u2,jan.jansen,Jan Jansen,jan.jansen@acme.example,active,
u3,kim.orlov,Kim Orlov,kim.orlov@acme.example,active,Admin
u4,wei.li,Wei Li,wei.li@acme.example,active,Admin
u5,p.nobody,Piet Nobody,piet@elsewhere.example,active,
";
