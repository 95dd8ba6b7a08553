//! What a list is asked for: filter, sorting, page and projection, from a URL or from `/.search`
//! (RFC 7644 §3.4.2, §3.4.3; RFC 9865).

use serde_json::{Map, Value};

use super::order::Sort;
use super::projection::{Projection, is_searchable};
use super::resource_type::ResourceType;
use super::rules::Rules;
use crate::attribute::AttrPath;
use crate::datetime::moment;
use crate::definition::{self, Attribute, Kind as DataKind};
use crate::filter::{Comparison, Filter, Literal, Op};
use crate::message::{ErrorMessage, ScimType};
use crate::{read, schema};

/// The longest query of a URL, in bytes.
pub const QUERY_MAX: usize = 64 * 1024;
/// The largest position or count that is taken for a number and not for an attack.
const NUMBER_MAX: i64 = 2_000_000_000;

/// What a list is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Which resources.
    pub filter: Option<Filter>,
    /// In which order; `None`: as they were made.
    pub sort: Option<Sort>,
    /// Which part of them.
    pub page: Page,
    /// How much of each.
    pub projection: Projection,
}

/// Which part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Page {
    /// By position.
    Index {
        /// The first one, counted from 1.
        start: u64,
        /// How many at most.
        count: u64,
    },
    /// By cursor (RFC 9865).
    Cursor {
        /// Where the page before ended; `None` for the first page.
        cursor: Option<String>,
        /// How many at most.
        count: u64,
    },
}

/// The size of pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Where the caller does not say.
    pub count_default: u64,
    /// More is never given on one page.
    pub count_max: u64,
}

/// The parameters of a URL's query, in their order: `+` is a blank, `%XX` a byte, stray `?` and `&`
/// are nothing.
///
/// # Errors
/// 400 where a name or value is not UTF-8; 414 where the query is longer than [`QUERY_MAX`].
pub fn pairs(raw: &str) -> Result<Vec<(String, String)>, ErrorMessage> {
    if raw.len() > QUERY_MAX {
        let sentence =
            format!("The query of the URL is longer than {QUERY_MAX} bytes. Use /.search.");
        return Err(ErrorMessage::new(414, None, &sentence));
    }
    let parts = raw.split('&').map(|part| part.trim_matches('?')).filter(|part| !part.is_empty());
    let pairs = parts.map(|part| part.split_once('=').unwrap_or((part, "")));
    pairs.map(|(name, value)| Ok((decoded(name)?, decoded(value)?))).collect()
}

fn decoded(text: &str) -> Result<String, ErrorMessage> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let byte = hex.filter(|two| first == b'%' && two.bytes().all(|it| it.is_ascii_hexdigit()));
        rest = after;
        match byte.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => bytes.push(if first == b'+' { b' ' } else { first }),
        }
    }
    String::from_utf8(bytes).map_err(|_| {
        ErrorMessage::new(
            400,
            Some(ScimType::InvalidValue),
            "The query of the URL is not UTF-8 once its %XX are read.",
        )
    })
}

/// The parameters that are known (RFC 7644 table 6, §3.9; RFC 9865 §2).
const NAMES: [&str; 8] = [
    "filter",
    "sortBy",
    "sortOrder",
    "startIndex",
    "count",
    "cursor",
    "attributes",
    "excludedAttributes",
];

/// What is asked, from wherever.
struct Asked<'a> {
    filter: Option<&'a str>,
    sort_by: Option<&'a str>,
    sort_order: Option<&'a str>,
    start: Option<i64>,
    count: Option<i64>,
    cursor: Option<&'a str>,
}

impl Query {
    /// From the parameters of a URL, decoded. Their names are read in any case.
    ///
    /// # Errors
    /// 400 with the RFC's word for what cannot be read, and where a parameter comes twice; with
    /// strict rules also for a parameter that is not known.
    pub fn from_params(
        params: &[(String, String)],
        limits: &Limits,
        rules: &Rules,
    ) -> Result<Self, ErrorMessage> {
        let mut texts = [None; NAMES.len()];
        for (name, value) in params {
            match NAMES.iter().position(|known| known.eq_ignore_ascii_case(name)) {
                Some(at) if texts[at].replace(value.as_str()).is_some() => {
                    let sentence = format!("The parameter \"{name}\" comes twice. Send it once.");
                    return Err(ErrorMessage::new(400, Some(ScimType::InvalidValue), &sentence));
                }
                None if !rules.lenient => return Err(unknown(name)),
                _ => {}
            }
        }
        let [filter, sort_by, sort_order, start, count, cursor, attributes, excluded] = texts;
        let start = start.map(|text| whole_number("startIndex", text)).transpose()?;
        let count = count.map(|text| whole_number("count", text)).transpose()?;
        let asked = Asked { filter, sort_by, sort_order, start, count, cursor };
        let projection = Projection::read(attributes, excluded, !rules.lenient)?;
        Self::of(&asked, projection, limits, rules)
    }

    /// From the parameters of a URL that leads to one resource: which part of it is shown.
    ///
    /// # Errors
    /// As [`Query::from_params`]; with strict rules also for a parameter that lists alone have.
    pub fn projection(
        params: &[(String, String)],
        rules: &Rules,
    ) -> Result<Projection, ErrorMessage> {
        let about_lists = |name: &&str| !name.to_ascii_lowercase().ends_with("attributes");
        let mut names = params.iter().map(|(name, _)| name.as_str());
        if let Some(name) = names.find(about_lists).filter(|_| !rules.lenient) {
            return Err(unknown(name));
        }
        let limits = Limits { count_default: 0, count_max: 0 };
        let shown = params.iter().filter(|(name, _)| !about_lists(&name.as_str())).cloned();
        Ok(Self::from_params(&shown.collect::<Vec<_>>(), &limits, rules)?.projection)
    }

    /// From the body of a `/.search`.
    ///
    /// # Errors
    /// As [`Query::from_params`]; the body must be an object and, with strict rules, name its schema.
    pub fn from_search(body: &Value, limits: &Limits, rules: &Rules) -> Result<Self, ErrorMessage> {
        let syntax =
            |sentence: &str| ErrorMessage::new(400, Some(ScimType::InvalidSyntax), sentence);
        let body = body.as_object().ok_or_else(|| syntax("A search is a JSON object."))?;
        let is_search = |urn: &String| urn.eq_ignore_ascii_case(schema::SEARCH_REQUEST);
        if !rules.lenient && !read::texts_of(body, "schemas").iter().any(is_search) {
            let sentence = format!("\"schemas\" does not name \"{}\".", schema::SEARCH_REQUEST);
            return Err(syntax(&sentence));
        }
        let names = |name: &str| names_of(body, name);
        let projection =
            Projection::of(&names("attributes")?, &names("excludedAttributes")?, !rules.lenient)?;
        let asked = Asked {
            filter: text_of(body, "filter")?,
            sort_by: text_of(body, "sortBy")?,
            sort_order: text_of(body, "sortOrder")?,
            start: number_of(body, "startIndex")?,
            count: number_of(body, "count")?,
            cursor: text_of(body, "cursor")?,
        };
        Self::of(&asked, projection, limits, rules)
    }

    fn of(
        asked: &Asked<'_>,
        projection: Projection,
        limits: &Limits,
        rules: &Rules,
    ) -> Result<Self, ErrorMessage> {
        Ok(Self {
            filter: filter(asked.filter, rules)?,
            sort: sort(asked.sort_by, asked.sort_order)?,
            page: page(asked, limits)?,
            projection,
        })
    }
}

fn filter(text: Option<&str>, rules: &Rules) -> Result<Option<Filter>, ErrorMessage> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let refused = |sentence: &str| ErrorMessage::new(400, Some(ScimType::InvalidFilter), sentence);
    let filter: Filter = text.parse().map_err(|error: crate::filter::Error| {
        refused(&format!("The filter cannot be read. {error}"))
    })?;
    for comparison in filter.comparisons() {
        if let Some(sentence) = fault(&comparison) {
            return Err(refused(&sentence));
        }
    }
    Ok(Some(if rules.lenient { filter.renamed(&qualified) } else { filter }))
}

/// Why a comparison has no meaning, as a sentence.
fn fault(comparison: &Comparison<'_>) -> Option<String> {
    let path = comparison.path;
    if !is_searchable(path.attr()) {
        return Some("A password is never shown and can therefore not be searched for.".to_owned());
    }
    let (op, literal) = comparison.with?;
    if let Literal::Text(text) = literal
        && text.contains('\0')
    {
        return Some(format!("The value for \"{path}\" contains U+0000, which no value does."));
    }
    let attribute = match comparison.list {
        None => attribute_of(path.attr(), path.sub()),
        Some(list) => attribute_of(list, path.attr().name()),
    };
    let kind = attribute?.kind;
    if kind == DataKind::DateTime && !matches!(op, Op::Co | Op::Sw | Op::Ew) {
        let is_moment = match literal {
            Literal::Text(text) => moment(text).is_some(),
            other => *other == Literal::Null,
        };
        let sentence = || format!("\"{path}\" is compared with a date-time of RFC 3339.");
        return (!is_moment).then(sentence);
    }
    let ordered = matches!(op, Op::Gt | Op::Ge | Op::Lt | Op::Le);
    // RFC 7644 §3.4.2.2: there is no order on booleans and on binary values.
    (ordered && matches!(kind, DataKind::Boolean | DataKind::Binary)).then(|| {
        format!("\"{}\" has no meaning for \"{path}\", which is {}.", op.word(), kind.word())
    })
}

/// The attribute of whatever kind of resource, or its sub-attribute.
fn attribute_of(path: &AttrPath, sub: Option<&str>) -> Option<&'static Attribute> {
    let name = path.name()?;
    let of = |kind: ResourceType| match path.extension() {
        None => kind.attribute(name),
        Some(urn) => kind.extension(urn)?.attribute(name),
    };
    let attribute = ResourceType::ALL.into_iter().find_map(of)?;
    match sub {
        None => Some(attribute),
        Some(sub) => attribute.sub(sub),
    }
}

/// An attribute of an extension that is named without its URN, as some clients do.
fn qualified(path: AttrPath) -> AttrPath {
    let Some(name) = path.name().filter(|_| path.schema().is_none()) else { return path };
    if ResourceType::ALL.into_iter().any(|kind| kind.attribute(name).is_some()) {
        return path;
    }
    match definition::ENTERPRISE.attribute(name) {
        Some(_) => path.clone().in_schema(definition::ENTERPRISE.id).unwrap_or(path),
        None => path,
    }
}

fn sort(by: Option<&str>, order: Option<&str>) -> Result<Option<Sort>, ErrorMessage> {
    let refused = |sentence: String, word| ErrorMessage::new(400, Some(word), &sentence);
    let descending = match order.unwrap_or_default().trim() {
        "" => false,
        word if word.eq_ignore_ascii_case("ascending") => false,
        word if word.eq_ignore_ascii_case("descending") => true,
        word => {
            let sentence = format!("\"sortOrder\" is ascending or descending, and not {word:?}.");
            return Err(refused(sentence, ScimType::InvalidValue));
        }
    };
    let Some(by) = by.filter(|by| !by.is_empty()) else { return Ok(None) };
    let path: AttrPath = by.trim().parse().map_err(|error: crate::attribute::Error| {
        refused(format!("\"sortBy\" is {by:?}: {error}."), ScimType::InvalidPath)
    })?;
    if !is_searchable(&path) || attribute_of(&path, path.sub()).is_none() {
        let sentence = format!("There is no attribute {by:?} to sort by.");
        return Err(refused(sentence, ScimType::InvalidPath));
    }
    Ok(Some(Sort { path, descending }))
}

/// RFC 7644 §3.4.2.4 and RFC 9865 §2.1.
fn page(asked: &Asked<'_>, limits: &Limits) -> Result<Page, ErrorMessage> {
    let wanted = |count: i64| u64::try_from(count).unwrap_or(0).min(limits.count_max);
    let count = asked.count.map_or(limits.count_default.min(limits.count_max), wanted);
    let Some(cursor) = asked.cursor else {
        let start = u64::try_from(asked.start.unwrap_or(1)).unwrap_or(1).max(1);
        return Ok(Page::Index { start, count });
    };
    if asked.start.is_some() {
        let sentence = "\"cursor\" and \"startIndex\" exclude each other. Send one.";
        return Err(ErrorMessage::new(400, Some(ScimType::InvalidValue), sentence));
    }
    let cursor = Some(cursor.to_owned()).filter(|cursor| !cursor.is_empty());
    Ok(Page::Cursor { cursor, count })
}

fn whole_number(name: &str, text: &str) -> Result<i64, ErrorMessage> {
    let number = text.trim().parse::<i64>().ok().filter(|it| *it <= NUMBER_MAX);
    number.ok_or_else(|| no_number(name))
}

fn no_number(name: &str) -> ErrorMessage {
    let word = match name.eq_ignore_ascii_case("count") {
        true => ScimType::InvalidCount,
        false => ScimType::InvalidValue,
    };
    let sentence = format!("\"{name}\" is a whole number of at most {NUMBER_MAX}.");
    ErrorMessage::new(400, Some(word), &sentence)
}

fn unknown(name: &str) -> ErrorMessage {
    let shown: String = name.chars().take(60).collect();
    let sentence = format!("The parameter {shown:?} is not known. Leave it out.");
    ErrorMessage::new(400, Some(ScimType::InvalidValue), &sentence)
}

fn text_of<'a>(body: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, ErrorMessage> {
    match read::get(body, name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => {
            let sentence = format!("\"{name}\" is text, and what was sent is not.");
            Err(ErrorMessage::new(400, Some(ScimType::InvalidValue), &sentence))
        }
    }
}

fn number_of(body: &Map<String, Value>, name: &str) -> Result<Option<i64>, ErrorMessage> {
    match read::get(body, name) {
        None => Ok(None),
        Some(Value::String(text)) => whole_number(name, text).map(Some),
        Some(Value::Number(number)) => whole_number(name, &number.to_string()).map(Some),
        Some(_) => Err(no_number(name)),
    }
}

/// A list of names; one text may hold several, separated by commas.
fn names_of(body: &Map<String, Value>, name: &str) -> Result<Vec<String>, ErrorMessage> {
    let mut names = Vec::new();
    for item in read::list_of(body, name) {
        let Value::String(text) = item else {
            let sentence = format!("\"{name}\" is a list of attribute names.");
            return Err(ErrorMessage::new(400, Some(ScimType::InvalidValue), &sentence));
        };
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        names.extend(parts.map(str::to_owned));
    }
    Ok(names)
}
