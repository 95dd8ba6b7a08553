//! The sources of a guide, numbered as they come.

use rollbook_core::change::Basis;

use super::Grade;
use crate::app::{Fact, Value};

/// Sources by number.
#[derive(Debug, Default)]
pub(super) struct Sources {
    list: Vec<String>,
}

impl Sources {
    /// The grade of something that `source` says.
    pub(super) fn grade(&mut self, basis: Basis, source: Option<&str>) -> Grade {
        match (basis, source) {
            (Basis::Documented, Some(source)) => Grade::Documented(self.number(source)),
            (Basis::Probed, Some(source)) => Grade::Probed(self.number(source)),
            _ => Grade::Recalled,
        }
    }

    /// The grade of a fact: that nothing was found is no knowledge, whoever was asked.
    pub(super) fn grade_of(&mut self, fact: &Fact) -> Grade {
        match fact.value {
            Value::Unknown => {
                Grade::Unknown(fact.source.as_deref().map(|source| self.number(source)))
            }
            _ => self.grade(fact.basis, fact.source.as_deref()),
        }
    }

    fn number(&mut self, source: &str) -> usize {
        match self.list.iter().position(|known| known == source) {
            Some(at) => at + 1,
            None => {
                self.list.push(source.to_owned());
                self.list.len()
            }
        }
    }

    pub(super) fn into_list(self) -> Vec<String> {
        self.list
    }
}
