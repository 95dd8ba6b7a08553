//! A guide as plain text, for terminals, mail and documents.

use std::fmt::{self, Display, Formatter};

use super::{Block, Grade, Guide, Row, Statement};

impl Display for Grade {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.source() {
            Some(number) => write!(f, "{} [{number}]", self.word()),
            None => f.write_str(self.word()),
        }
    }
}

/// Markdown, which can be read as it is.
impl Display for Guide {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "# {}", self.name)?;
        writeln!(
            f,
            "\n{}",
            [self.category.as_str(), &self.website].join(", ").trim_end_matches(", ")
        )?;
        for section in &self.sections {
            writeln!(f, "\n## {}", section.title)?;
            for block in &section.blocks {
                writeln!(f)?;
                write_block(f, block)?;
            }
        }
        if !self.sources.is_empty() {
            writeln!(f, "\n## Sources\n")?;
        }
        for (number, source) in (1..).zip(&self.sources) {
            writeln!(f, "{number}. {source}")?;
        }
        Ok(())
    }
}

fn write_block(f: &mut Formatter<'_>, block: &Block) -> fmt::Result {
    match block {
        Block::Text { text } => writeln!(f, "{text}"),
        Block::Heading { text } => writeln!(f, "### {text}"),
        Block::Code { language, text } => writeln!(f, "```{language}\n{text}\n```"),
        Block::List { statements } => {
            statements.iter().try_for_each(|one| writeln!(f, "- {}", line(one)))
        }
        Block::Steps { statements } => (1..)
            .zip(statements)
            .try_for_each(|(number, one)| writeln!(f, "{number}. {}", line(one))),
        Block::Table { head, rows } => write_table(f, head, rows),
    }
}

fn line(statement: &Statement) -> String {
    format!("{} ({})", statement.text, statement.grade)
}

fn write_table(f: &mut Formatter<'_>, head: &[&str], rows: &[Row]) -> fmt::Result {
    writeln!(f, "| {} |", head.join(" | "))?;
    writeln!(f, "|{}", "---|".repeat(head.len()))?;
    for row in rows {
        let cells: Vec<String> = row.cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        writeln!(f, "| {} | {} |", cells.join(" | "), row.grade)?;
    }
    Ok(())
}
