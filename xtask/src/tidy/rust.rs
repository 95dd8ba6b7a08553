//! A Rust file as far as tidy must understand it: what is code, what is test, where functions are.
//!
//! This is no parser. It blanks comments and literals so that a word or a brace found afterwards is
//! really code, and follows braces from there.

/// One Rust file, read once for all rules.
#[derive(Clone, Debug)]
pub(crate) struct Rust {
    pub(crate) path: String,
    /// The text with comments and the insides of literals blanked; same length, same lines.
    pub(crate) code: String,
    /// Byte ranges of the code that only tests see.
    tests: Vec<(usize, usize)>,
    starts: Vec<usize>,
}

/// A function: its name, its first line and how many lines it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) lines: usize,
}

impl Rust {
    pub(crate) fn read(path: &str, text: &str) -> Self {
        let code = blank(text);
        let starts = std::iter::once(0).chain(code.match_indices('\n').map(|(at, _)| at + 1));
        let tests = test_ranges(&code);
        let starts = starts.collect();
        Self { path: path.to_owned(), code, tests, starts }
    }

    /// The line of byte `at`, from 1.
    pub(crate) fn line(&self, at: usize) -> usize {
        self.starts.partition_point(|&start| start <= at)
    }

    /// Whether byte `at` is seen by tests only.
    pub(crate) fn is_test(&self, at: usize) -> bool {
        let folder =
            self.path.split('/').any(|part| matches!(part, "tests" | "benches" | "tests.rs"));
        folder || self.tests.iter().any(|&(from, to)| from <= at && at < to)
    }

    /// Every place where `word` stands in the code as a word of its own.
    pub(crate) fn words<'a>(&'a self, word: &'a str) -> impl Iterator<Item = usize> + 'a {
        let hits = self.code.match_indices(word).map(|(at, _)| at);
        hits.filter(move |&at| {
            let before = self.code[..at].chars().next_back();
            let after = self.code[at + word.len()..].chars().next();
            !before.is_some_and(is_name) && !after.is_some_and(is_name)
        })
    }

    /// Every function with a body.
    pub(crate) fn functions(&self) -> Vec<Function> {
        self.words("fn").filter_map(|at| self.function(at)).collect()
    }

    fn function(&self, at: usize) -> Option<Function> {
        let rest = self.code.get(at + 2..)?;
        let name: String = rest.trim_start().chars().take_while(|&c| is_name(c)).collect();
        if name.is_empty() {
            return None;
        }
        let open = body(&self.code, at)?;
        let close = closing(&self.code, open)?;
        let line = self.line(at);
        Some(Function { name, line, lines: self.line(close) + 1 - line })
    }
}

/// Whether `c` can be part of a name.
pub(crate) fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The `{` that opens the body of the item at `at`; `None` if it ends with `;` first.
fn body(code: &str, at: usize) -> Option<usize> {
    let mut depth = 0i32;
    for (offset, byte) in code[at..].bytes().enumerate() {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b'{' if depth == 0 => return Some(at + offset),
            b';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// The `}` that closes the `{` at `open`.
fn closing(code: &str, open: usize) -> Option<usize> {
    let mut depth = 0i32;
    for (offset, byte) in code[open..].bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(open + offset);
        }
    }
    None
}

/// The ranges of items behind `#[cfg(test)]`.
fn test_ranges(code: &str) -> Vec<(usize, usize)> {
    let marks = code.match_indices("#[cfg(test)]").map(|(at, mark)| (at, at + mark.len()));
    marks.filter_map(|(at, after)| Some((at, closing(code, body(code, after)?)?))).collect()
}

/// `text` with comments and literals blanked. Line breaks stay where they are.
fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let in_name = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
        let end = not_code(&bytes[at..], in_name).map_or(at, |length| at + length);
        out[at..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
        at = end.max(at + 1);
    }
    String::from_utf8(out).expect("literals and comments are blanked as whole characters")
}

/// The length of the comment or literal that `rest` begins with, if it begins with one.
fn not_code(rest: &[u8], in_name: bool) -> Option<usize> {
    match rest {
        [b'/', b'/', ..] => Some(rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len())),
        [b'/', b'*', ..] => Some(block_comment(rest)),
        [b'"', ..] => Some(quoted(rest, b'"')),
        [b'\'', b'\\', ..] => Some(quoted(rest, b'\'')),
        [b'\'', first, ..] => {
            let closing = 1 + character(*first);
            (rest.get(closing) == Some(&b'\'')).then_some(closing + 1)
        }
        [b'r', ..] if !in_name => raw(rest, 1),
        [b'b' | b'c', b'r', ..] if !in_name => raw(rest, 2),
        _ => None,
    }
}

/// How many bytes the character takes that begins with `first`.
fn character(first: u8) -> usize {
    match first {
        0xF0.. => 4,
        0xE0.. => 3,
        0xC0.. => 2,
        _ => 1,
    }
}

fn block_comment(rest: &[u8]) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at + 1 < rest.len() {
        match (rest[at], rest[at + 1]) {
            (b'/', b'*') => depth += 1,
            (b'*', b'/') => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of a raw literal whose prefix takes `prefix` bytes; `None` if it is none.
fn raw(rest: &[u8], prefix: usize) -> Option<usize> {
    let hashes = rest[prefix..].iter().take_while(|&&b| b == b'#').count();
    let open = prefix + hashes;
    if rest.get(open) != Some(&b'"') {
        return None;
    }
    let mut end = vec![b'"'];
    end.resize(1 + hashes, b'#');
    let inside = &rest[open + 1..];
    let close = inside.windows(end.len()).position(|window| window == end.as_slice());
    Some(close.map_or(rest.len(), |at| open + 1 + at + end.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_and_words_in_comments_and_literals_are_not_code() {
        let text = r##"let a = "tokio { \" "; // tokio {
/* tokio /* { */ } */ let b = r#"tokio " {"#; let c = '{'; let d = '\''; let e = 'é';
fn f<'a>(x: &'a str) {}"##;
        let file = Rust::read("a.rs", text);
        assert_eq!(file.words("tokio").count(), 0);
        assert_eq!(file.code.len(), text.len());
        assert_eq!(file.functions(), [Function { name: "f".into(), line: 3, lines: 1 }]);
    }

    #[test]
    fn a_function_is_counted_from_its_first_to_its_last_line() {
        let text = "trait T { fn declared(&self) -> [u8; 3]; }\n\
                    fn outer() {\n    let f: fn(u8) -> u8 = |x| x;\n    fn inner() {\n    }\n}\n";
        let functions = Rust::read("a.rs", text).functions();
        assert_eq!(
            functions,
            [
                Function { name: "outer".into(), line: 2, lines: 5 },
                Function { name: "inner".into(), line: 4, lines: 2 },
            ]
        );
    }

    #[test]
    fn what_stands_behind_cfg_test_and_in_tests_folders_is_test() {
        let file = Rust::read(
            "src/a.rs",
            "fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() {}\n}\nfn c() {}",
        );
        let tests: Vec<bool> = file.words("fn").map(|at| file.is_test(at)).collect();
        assert_eq!(tests, [false, true, false]);
        assert!(Rust::read("crates/x/tests/it/main.rs", "fn a() {}").is_test(0));
    }
}
