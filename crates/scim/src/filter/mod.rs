//! Filters (RFC 7644 §3.4.2.2): `userName eq "ana@example.com" and active eq true`.
//!
//! A filter is text from outside, so its size is bounded before anything is built from it:
//! [`LENGTH_MAX`] bytes, [`DEPTH_MAX`] levels, [`TERMS_MAX`] comparisons. What is within the bounds
//! can be parsed, evaluated and dropped on a small stack.
//!
//! ```
//! use rollbook_scim::Filter;
//!
//! let filter: Filter = r#"emails[type eq "work"].value SW "ana" and not (active eq false)"#.parse()?;
//! assert!(filter.matches(&serde_json::json!({"emails": [{"type": "work", "value": "Ana@x.org"}]})));
//! assert_eq!(Filter::equals("userName", r#"o"neil"#)?.to_string(), r#"userName eq "o\"neil""#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod matches;
mod parse;
mod print;
mod walk;

use serde_json::Number;

pub use crate::attribute::Error as AttributeError;
use crate::attribute::{self, AttrPath};
use crate::path::Path;
pub use parse::Error;
pub(crate) use parse::{looked_at, parse_path};
pub use walk::Comparison;

/// The longest filter or path, in bytes.
pub const LENGTH_MAX: usize = 8 * 1024;
/// The deepest nesting of parentheses and brackets.
pub const DEPTH_MAX: usize = 32;
/// The most comparisons in one filter.
pub const TERMS_MAX: usize = 256;

/// A condition on a resource.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// `path op value`
    Compare {
        /// What is compared; of several values one that fits is enough.
        path: Path,
        /// How.
        op: Op,
        /// With what.
        value: Literal,
    },
    /// `path pr`: there is a value.
    Present(Path),
    /// `attr[filter]`: one element fulfils the whole inner condition.
    Has {
        /// A list of complex values, or one complex value.
        attr: AttrPath,
        /// Its names are those of the element.
        filter: Box<Filter>,
    },
    /// `not (filter)`
    Not(Box<Filter>),
    /// `a and b and …`
    All(Terms),
    /// `a or b or …`
    Any(Terms),
}

/// Two conditions or more, joined by one operator.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms(Vec<Filter>);

impl Terms {
    /// The conditions in their order; never fewer than two.
    pub fn iter(&self) -> std::slice::Iter<'_, Filter> {
        self.0.iter()
    }
}

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// equal
    Eq,
    /// not equal
    Ne,
    /// contains
    Co,
    /// starts with
    Sw,
    /// ends with
    Ew,
    /// greater
    Gt,
    /// greater or equal
    Ge,
    /// less
    Lt,
    /// less or equal
    Le,
}

impl Op {
    /// All operators.
    pub const ALL: [Self; 9] =
        [Self::Eq, Self::Ne, Self::Co, Self::Sw, Self::Ew, Self::Gt, Self::Ge, Self::Lt, Self::Le];

    /// The operator as the RFC writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Co => "co",
            Self::Sw => "sw",
            Self::Ew => "ew",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Lt => "lt",
            Self::Le => "le",
        }
    }

    /// Whether the operator has a meaning for `value`: text takes all, numbers have no substrings,
    /// booleans and `null` have no order either.
    pub fn fits(self, value: &Literal) -> bool {
        match value {
            Literal::Text(_) => true,
            Literal::Number(_) => !matches!(self, Self::Co | Self::Sw | Self::Ew),
            Literal::Bool(_) | Literal::Null => matches!(self, Self::Eq | Self::Ne),
        }
    }
}

/// The right-hand side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// Text, also a date-time.
    Text(String),
    /// A number.
    Number(Number),
    /// `true` or `false`.
    Bool(bool),
    /// `null`: unassigned.
    Null,
}

impl Filter {
    /// `attr eq "text"`, with the text escaped.
    ///
    /// # Errors
    /// When `attr` is no attribute path.
    pub fn equals(attr: &str, text: &str) -> Result<Self, attribute::Error> {
        Ok(Self::Compare {
            path: Path::from(attr.parse::<AttrPath>()?),
            op: Op::Eq,
            value: Literal::Text(text.to_owned()),
        })
    }

    /// Both.
    pub fn and(self, other: Self) -> Self {
        match self {
            Self::All(mut terms) => {
                terms.0.push(other);
                Self::All(terms)
            }
            one => Self::All(Terms(vec![one, other])),
        }
    }

    /// Either.
    pub fn or(self, other: Self) -> Self {
        match self {
            Self::Any(mut terms) => {
                terms.0.push(other);
                Self::Any(terms)
            }
            one => Self::Any(Terms(vec![one, other])),
        }
    }
}
