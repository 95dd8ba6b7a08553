//! List answers (RFC 7644 §3.4.2) and the arithmetic of pages (§3.4.2.4).

use serde_json::{Map, Value, json};

use crate::{read, schema};

/// One page of a list as sent, with what is odd about it.
///
/// `total_results` is what the vendor claims. It may be wrong; nothing is ever sized by it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListResponse {
    /// The claimed number of all results. `None`: absent, negative, or no number.
    pub total_results: Option<u64>,
    /// The 1-based position of the first item.
    pub start_index: Option<u64>,
    /// The claimed number of items on this page.
    pub items_per_page: Option<u64>,
    /// Where the next page is, with cursor paging (RFC 9865).
    pub next_cursor: Option<String>,
    /// The items. `None`: the answer has no list, which is less than an empty one.
    pub resources: Option<Vec<Value>>,
    /// What departs from the RFC, as sentences; empty for a clean page.
    pub oddities: Vec<String>,
}

/// Why a body is no page of a list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Text, a number, ….
    #[error("The answer is neither a JSON object nor a list.")]
    Shape,
    /// An object with nothing of a list in it, for instance an error or a single resource.
    #[error("The answer has neither \"Resources\" nor \"totalResults\".")]
    NoList,
}

impl ListResponse {
    /// Reads a page. A bare list and numbers in text are understood and told as oddities.
    ///
    /// # Errors
    /// When the body is no list answer at all: an absent list must not pass for an empty one.
    pub fn read(body: &Value) -> Result<Self, Error> {
        let object = match body {
            Value::Object(object) => object,
            Value::Array(items) => {
                return Ok(Self {
                    resources: Some(items.clone()),
                    oddities: vec!["The answer is a bare list without totals.".to_owned()],
                    ..Self::default()
                });
            }
            _ => return Err(Error::Shape),
        };
        let mut oddities = Vec::new();
        let page = Self {
            total_results: count(object, "totalResults", &mut oddities),
            start_index: count(object, "startIndex", &mut oddities),
            items_per_page: count(object, "itemsPerPage", &mut oddities),
            next_cursor: read::text_of(object, "nextCursor").filter(|text| !text.is_empty()),
            resources: resources(object, &mut oddities),
            oddities,
        };
        if page.resources.is_none() && read::key(object, "totalResults").is_none() {
            return Err(Error::NoList);
        }
        Ok(page)
    }

    /// The items; an absent list is empty here, as RFC 7644 §3.4.2 allows when nothing was found.
    pub fn items(&self) -> &[Value] {
        self.resources.as_deref().unwrap_or_default()
    }

    /// The page as a server writes it.
    pub fn to_json(&self) -> Value {
        let items = self.items();
        let mut object = Map::new();
        object.insert("schemas".to_owned(), json!([schema::LIST_RESPONSE]));
        if let Some(total) = self.total_results {
            object.insert("totalResults".to_owned(), json!(total));
        }
        if let Some(start) = self.start_index {
            object.insert("startIndex".to_owned(), json!(start));
        }
        object.insert("itemsPerPage".to_owned(), json!(items.len()));
        if let Some(cursor) = &self.next_cursor {
            object.insert("nextCursor".to_owned(), json!(cursor));
        }
        object.insert("Resources".to_owned(), json!(items));
        Value::Object(object)
    }
}

fn count(object: &Map<String, Value>, name: &str, oddities: &mut Vec<String>) -> Option<u64> {
    let value = read::get(object, name)?;
    if !value.is_u64() {
        oddities.push(format!("\"{name}\" is {value}, which is no whole number."));
    }
    read::count(value)
}

fn resources(object: &Map<String, Value>, oddities: &mut Vec<String>) -> Option<Vec<Value>> {
    let value = read::get(object, "Resources")?;
    if !value.is_array() {
        oddities.push("\"Resources\" is no list.".to_owned());
    }
    Some(read::list(value).to_vec())
}

/// Which part of a list is asked for, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// 1-based; below 1 means 1.
    pub start_index: i64,
    /// How many at most; below 0 means 0. `None`: as many as the server likes.
    pub count: Option<i64>,
}

impl PageRequest {
    /// Takes the page out of all results, at most `count_max` items. Past the end it is empty.
    pub fn page(self, all: &[Value], count_max: usize) -> ListResponse {
        let start = usize::try_from(self.start_index.max(1)).unwrap_or(usize::MAX);
        let asked = self.count.map_or(count_max, |count| usize::try_from(count).unwrap_or(0));
        let items = all.iter().skip(start - 1).take(asked.min(count_max)).cloned();
        let resources: Vec<Value> = items.collect();
        ListResponse {
            total_results: Some(all.len() as u64),
            start_index: Some(start as u64),
            items_per_page: Some(resources.len() as u64),
            resources: Some(resources),
            ..ListResponse::default()
        }
    }
}
