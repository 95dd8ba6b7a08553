//! What stands behind the `?` of an address, or in a form: names and values, decoded and bounded.

/// The most fields that are read.
const FIELDS_MAX: usize = 200;

/// Names and values in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads `application/x-www-form-urlencoded`; `None` where it is no text or holds too much.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut fields = Vec::new();
        for field in text.split('&').filter(|field| !field.is_empty()) {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            fields.push((decoded(name)?, decoded(value)?));
            if fields.len() > FIELDS_MAX {
                return None;
            }
        }
        Some(Self(fields))
    }

    /// Fields that were read elsewhere; `None` where there are too many.
    pub(crate) fn of(fields: Vec<(String, String)>) -> Option<Self> {
        (fields.len() <= FIELDS_MAX).then_some(Self(fields))
    }

    /// The first value of this name, without the space around it; `None` where it is empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut values =
            self.0.iter().filter(|(own, _)| own == name).map(|(_, value)| value.trim());
        values.find(|value| !value.is_empty())
    }

    /// All values of this name that are not empty.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let values = self.0.iter().filter(move |(own, _)| own == name);
        values.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// The names that came, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The same with `name` set to `value`; without a value, without the name.
    #[must_use]
    pub(crate) fn with(&self, name: &str, value: Option<&str>) -> Self {
        let mut fields: Vec<_> = self.0.iter().filter(|(own, _)| own != name).cloned().collect();
        fields.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        Self(fields)
    }

    /// Behind the `?` of an address, with it; nothing where there is nothing to say.
    pub(crate) fn suffix(&self) -> String {
        let said = self.0.iter().filter(|(_, value)| !value.trim().is_empty());
        let parts: Vec<String> =
            said.map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
    }
}

/// A text in an address, with percent encoding where it needs it.
pub(crate) fn encoded(text: &str) -> String {
    crate::serve::encoded(text)
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                u8::try_from(digit(rest.next())? * 16 + digit(rest.next())?).ok()?
            }
            plain => plain,
        });
    }
    // No text of ours holds it, and no database takes it.
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_browsers_write_them() {
        let query = Query::read("q=a+b%26%C3%A9&kind=&kind=orphan&x").expect("it can be read");
        assert_eq!(query.get("q"), Some("a b&é"));
        assert_eq!(query.all("kind").collect::<Vec<_>>(), ["orphan"]);
        assert_eq!(query.get("x"), None);
        assert_eq!(query.with("page", Some("2")).suffix(), "?q=a%20b%26%C3%A9&kind=orphan&page=2");
        assert_eq!(Query::default().suffix(), "");
    }

    #[test]
    fn what_is_no_text_is_not_read() {
        for bad in ["q=%ff", "q=%zz", "q=%4", "q=%00", &"a=b&".repeat(201)] {
            assert_eq!(Query::read(bad), None, "{bad}");
        }
    }
}
