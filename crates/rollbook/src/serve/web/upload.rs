//! A form with files, as browsers send it (`multipart/form-data`, RFC 7578).

use bytes::Bytes;

use super::query::Query;

/// The most parts of one form.
const PARTS_MAX: usize = 40;

/// A file that came with a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Upload {
    /// As it is called where it came from.
    pub(crate) name: String,
    /// What is in it.
    pub(crate) bytes: Bytes,
}

/// The text between the parts, from a `Content-Type`; `None` where it is no form with files.
pub(crate) fn boundary(content_type: &str) -> Option<String> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let mut parameters = parameters.split(';').filter_map(|one| one.trim().split_once('='));
    let (_, said) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"))?;
    let said = said.trim().trim_matches('"');
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&b);
    (!said.is_empty() && said.len() <= 70 && said.bytes().all(fits)).then(|| said.to_owned())
}

/// The fields and the files of a form; `None` where it is not written as one. A field for a file that
/// was left empty is none.
pub(crate) fn read(boundary: &str, body: &Bytes) -> Option<(Query, Vec<Upload>)> {
    let mark = format!("\r\n--{boundary}");
    // The first mark has no line before it.
    let mut at = body.starts_with(&mark.as_bytes()[2..]).then(|| mark.len() - 2)?;
    let (mut fields, mut files) = (Vec::new(), Vec::new());
    loop {
        let rest = body.get(at..)?;
        if rest.starts_with(b"--") {
            return Some((Query::of(fields)?, files));
        }
        at += rest.starts_with(b"\r\n").then_some(2)?;
        let head_ends = at + find(&body[at..], b"\r\n\r\n")?;
        let part = Part::read(std::str::from_utf8(&body[at..head_ends]).ok()?)?;
        let begins = head_ends + 4;
        let ends = begins + find(&body[begins..], mark.as_bytes())?;
        match part.file {
            None => {
                let text = std::str::from_utf8(&body[begins..ends]).ok()?;
                fields.push((part.name, Some(text).filter(|t| !t.contains('\0'))?.to_owned()));
            }
            Some(name) if !name.is_empty() || begins < ends => {
                files.push(Upload { name, bytes: body.slice(begins..ends) });
            }
            Some(_) => {}
        }
        if fields.len() + files.len() > PARTS_MAX {
            return None;
        }
        at = ends + mark.len();
    }
}

/// What the head of a part says.
struct Part {
    name: String,
    /// The name of the file, where it is one.
    file: Option<String>,
}

impl Part {
    fn read(head: &str) -> Option<Self> {
        let said = head.split("\r\n").find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
        })?;
        let name = parameter(said, "; name=\"")?;
        Some(Self { name, file: parameter(said, "; filename=\"") })
    }
}

/// A quoted parameter. Browsers write a quote in it as `%22` (WHATWG, "multipart form data").
fn parameter(said: &str, begin: &str) -> Option<String> {
    let value = said.split_once(begin)?.1.split('"').next()?;
    Some(value.replace("%22", "\"").replace("%0D", "").replace("%0A", " "))
}

/// Where `wanted` begins in `text`.
fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        from += text.get(from..)?.iter().position(|byte| *byte == wanted[0])?;
        if text[from..].starts_with(wanted) {
            return Some(from);
        }
        from += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(body: &str) -> String {
        match read("x9", &Bytes::copy_from_slice(body.as_bytes())) {
            None => "no form".to_owned(),
            Some((fields, files)) => {
                let files = files
                    .iter()
                    .map(|file| format!(" {}={}", file.name, String::from_utf8_lossy(&file.bytes)));
                format!("{}{}", fields.suffix(), files.collect::<String>())
            }
        }
    }

    const FIELD: &str = "--x9\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\na b\r\n";
    const FILE: &str = "--x9\r\nContent-Disposition: form-data; name=\"file\"; \
                        filename=\"a%22.png\"\r\nContent-Type: image/png\r\n\r\n\r\n--x\r\n";

    #[test]
    fn fields_and_files_are_read_as_browsers_write_them() {
        assert_eq!(told(&format!("{FIELD}{FILE}--x9--\r\n")), "?note=a%20b a\".png=\r\n--x");
        let none = FILE.replace("a%22.png", "").replace("\r\n--x\r\n", "\r\n");
        assert_eq!(told(&format!("{FIELD}{none}--x9--\r\n")), "?note=a%20b");
    }

    #[test]
    fn what_is_cut_off_or_bears_no_name_is_no_form() {
        let whole = format!("{FIELD}{FILE}--x9--");
        for end in 0..whole.len() {
            assert_eq!(told(&whole[..end]), "no form", "{end}");
        }
        assert_eq!(told(&whole.replace("name=\"note\"", "")), "no form");
        assert_eq!(told(&format!("{}--x9--", FIELD.repeat(41))), "no form");
        assert_eq!(told(&format!("{}--x9--", FIELD.replace("a b", "a\0b"))), "no form");
    }

    #[test]
    fn a_boundary_is_found_in_its_header() {
        let of = |text: &str| boundary(text).unwrap_or_default();
        assert_eq!(of("multipart/form-data; boundary=----WebKit1"), "----WebKit1");
        assert_eq!(of("Multipart/Form-Data; charset=utf-8; boundary=\"a b\""), "a b");
        assert_eq!(of("application/x-www-form-urlencoded"), "");
        assert_eq!(of(&format!("multipart/form-data; boundary={}", "x".repeat(71))), "");
    }
}
