//! Findings by kind as bars, each parted by how bad they are.

use std::fmt::Write as _;

use super::text;
use crate::serve::web::lists::words;

/// How wide the whole picture is, and what its parts take, in its own units.
const WIDTH: f64 = 480.0;
const LABEL: f64 = 150.0;
const NUMBER: f64 = 40.0;
const ROW: f64 = 26.0;
/// The classes that the style paints, the worst first.
const CLASSES: [&str; 4] = ["critical", "high", "medium", "low"];

/// A bar for each kind: how many are critical, high, medium and low.
pub(crate) fn by_kind(kinds: &[(&str, [usize; 4])]) -> String {
    let most = kinds.iter().map(|(_, by)| by.iter().sum::<usize>()).max().unwrap_or(0).max(1);
    let height = ROW * kinds.len() as f64;
    let mut svg = format!(
        "<svg class=\"bars\" viewBox=\"0 0 {WIDTH} {height}\" role=\"group\" \
         aria-label=\"Open findings by kind; the table below has the same numbers\">"
    );
    for (at, (kind, by)) in kinds.iter().enumerate() {
        let middle = ROW.mul_add(at as f64, ROW / 2.0);
        let label = text(&words(kind));
        let _ = write!(
            svg,
            "<a href=\"/findings?kind={kind}\"><text class=\"label\" x=\"{x}\" y=\"{y}\" \
             text-anchor=\"end\">{label}</text>",
            x = LABEL - 10.0,
            y = middle + 4.0
        );
        let mut x = LABEL;
        for (class, count) in CLASSES.iter().zip(by).filter(|(_, count)| **count > 0) {
            let width = (WIDTH - LABEL - NUMBER) * *count as f64 / most as f64;
            let _ = write!(
                svg,
                "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y}\" width=\"{width:.1}\" height=\"12\">\
                 <title>{label}: {count} {class}</title></rect>",
                y = middle - 6.0
            );
            x += width;
        }
        let sum: usize = by.iter().sum();
        let _ = write!(
            svg,
            "<text class=\"number\" x=\"{x:.1}\" y=\"{y}\">{sum}</text></a>",
            x = x + 8.0,
            y = middle + 4.0
        );
    }
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_is_that_of_the_most_frequent_kind() {
        let svg = by_kind(&[("leftover", [0, 8, 0, 0]), ("orphan", [0, 0, 2, 2])]);
        assert!(svg.contains("class=\"high\" x=\"150.0\" y=\"7\" width=\"290.0\""), "{svg}");
        assert!(svg.contains("class=\"medium\" x=\"150.0\" y=\"33\" width=\"72.5\""), "{svg}");
        assert!(svg.contains("class=\"low\" x=\"222.5\""), "{svg}");
        assert!(by_kind(&[]).contains("viewBox=\"0 0 480 0\""), "nothing is drawn of nothing");
    }
}
