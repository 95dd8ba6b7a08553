//! Going through the parts of a [`Filter`].

use super::{Filter, Literal, Op, Terms};
use crate::attribute::AttrPath;
use crate::path::Path;

/// One comparison inside a filter.
#[derive(Clone, Copy, Debug)]
pub struct Comparison<'a> {
    /// The list whose elements are compared, inside brackets.
    pub list: Option<&'a AttrPath>,
    /// What is compared; inside brackets by the element's own names.
    pub path: &'a Path,
    /// How and with what; `None`: whether there is a value.
    pub with: Option<(Op, &'a Literal)>,
}

impl Filter {
    /// How many comparisons it makes for one resource, where no list has more than one element.
    pub fn terms(&self) -> usize {
        self.comparisons().len()
    }

    /// Every comparison in it, those inside brackets too.
    pub fn comparisons(&self) -> Vec<Comparison<'_>> {
        let mut all = Vec::new();
        self.collect(None, &mut all);
        all
    }

    fn collect<'a>(&'a self, list: Option<&'a AttrPath>, to: &mut Vec<Comparison<'a>>) {
        let mut one = |path: &'a Path, with| {
            if let Some(inner) = path.filter() {
                inner.collect(Some(path.attr()), to);
            }
            to.push(Comparison { list, path, with });
        };
        match self {
            Self::Compare { path, op, value } => one(path, Some((*op, value))),
            Self::Present(path) => one(path, None),
            Self::Has { attr, filter } => filter.collect(Some(attr), to),
            Self::Not(filter) => filter.collect(list, to),
            Self::All(terms) | Self::Any(terms) => {
                terms.iter().for_each(|term| term.collect(list, to));
            }
        }
    }

    /// The same filter about other attributes. Names inside brackets are the element's own and stay.
    #[must_use]
    pub fn renamed(self, rename: &dyn Fn(AttrPath) -> AttrPath) -> Self {
        let terms =
            |terms: Terms| Terms(terms.0.into_iter().map(|term| term.renamed(rename)).collect());
        let path = |path: Path| {
            let attr = rename(path.attr().clone());
            path.at(attr)
        };
        match self {
            Self::Compare { path: it, op, value } => Self::Compare { path: path(it), op, value },
            Self::Present(it) => Self::Present(path(it)),
            Self::Has { attr, filter } => Self::Has { attr: rename(attr), filter },
            Self::Not(filter) => Self::Not(Box::new(filter.renamed(rename))),
            Self::All(all) => Self::All(terms(all)),
            Self::Any(any) => Self::Any(terms(any)),
        }
    }
}
