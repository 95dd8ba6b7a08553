//! Suggestions for a word that is not known.

/// "Did you mean", or the list of what is known where nothing is near. `None`: nothing is known.
pub fn nearest(word: &str, known: &[&str]) -> Option<String> {
    let plain = |text: &str| text.to_lowercase().replace(['_', '-', ' '], "");
    let word = plain(word);
    let distance = |other: &str| strsim::osa_distance(&word, &plain(other));
    let best = known.iter().min_by_key(|other| distance(other))?;
    let near = distance(best) <= 1 + word.chars().count() / 4;
    let inside = word.len() >= 3 && (plain(best).contains(&word) || word.contains(&plain(best)));
    if near || (inside && !best.is_empty()) {
        return Some(format!("Did you mean `{best}`?"));
    }
    let list: Vec<String> = known.iter().map(|word| format!("`{word}`")).collect();
    Some(format!("Known here: {}.", list.join(", ")))
}
