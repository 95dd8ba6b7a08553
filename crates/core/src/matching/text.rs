//! Names as keys: one spelling for what people spell in many ways.
//!
//! [`fold`] gives lower-case ASCII words: `Müller-Özkan` becomes `muller ozkan`. [`wide`] is the
//! other habit of the same languages (`mueller`), and [`sound`] a coarse key under which
//! transliterations of one name meet (`Yusuf`, `Youssef`).

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Words between given and family name that may be left out, joined or moved to the end.
const PARTICLES: &[&str] = &[
    "aan", "af", "al", "am", "auf", "av", "bij", "bin", "bint", "da", "das", "de", "degli", "dei",
    "del", "della", "den", "der", "des", "di", "do", "dos", "du", "e", "el", "het", "ibn", "im",
    "in", "la", "las", "le", "les", "lo", "los", "op", "over", "s", "t", "te", "ten", "ter",
    "thoe", "tot", "uit", "und", "van", "vd", "vom", "von", "vor", "y", "zu", "zum", "zur",
];

/// Whether a folded word is a particle such as `van` or `del`.
pub(crate) fn is_particle(word: &str) -> bool {
    PARTICLES.binary_search(&word).is_ok()
}

/// Lower-case ASCII words of `text`, separated by one space; accents and apostrophes are dropped,
/// everything else that is no letter or digit separates.
pub(crate) fn fold(text: &str) -> String {
    folded(text, false)
}

/// As [`fold`], in the habit that writes `ö` as `oe` and `å` as `aa`.
pub(crate) fn wide(text: &str) -> String {
    folded(text, true)
}

/// The words of `text` as one word: `van de Wetering` becomes `vandewetering`.
pub(crate) fn joined(folded: &str) -> String {
    folded.chars().filter(|c| *c != ' ').collect()
}

fn folded(text: &str, is_wide: bool) -> String {
    let mut out = String::with_capacity(text.len());
    if text.is_ascii() {
        text.chars().for_each(|c| push(&mut out, c));
    } else {
        for c in text.chars() {
            match letters_of(c, is_wide) {
                Some(letters) => letters.chars().for_each(|c| push(&mut out, c)),
                None => c
                    .nfkd()
                    .filter(|c| !is_combining_mark(*c))
                    .flat_map(char::to_lowercase)
                    .for_each(|c| match letters_of(c, is_wide) {
                        Some(letters) => letters.chars().for_each(|c| push(&mut out, c)),
                        None => push(&mut out, c),
                    }),
            }
        }
    }
    while out.ends_with(' ') {
        out.pop();
    }
    out
}

fn push(out: &mut String, c: char) {
    if c.is_ascii_alphanumeric() {
        out.push(c.to_ascii_lowercase());
    } else if matches!(c, '\'' | '\u{2019}' | '\u{2018}' | '`' | '\u{b4}' | '\u{2bc}') {
        // O'Brien and OBrien are one name, and so are El-Sayed's various apostrophes.
    } else if !out.is_empty() && !out.ends_with(' ') {
        out.push(' ');
    }
}

/// What a letter without a decomposition is written as in ASCII.
fn letters_of(c: char, is_wide: bool) -> Option<&'static str> {
    if is_wide {
        match c {
            'ä' | 'Ä' => return Some("ae"),
            'ö' | 'Ö' | 'ø' | 'Ø' => return Some("oe"),
            'ü' | 'Ü' => return Some("ue"),
            'å' | 'Å' => return Some("aa"),
            _ => {}
        }
    }
    latin(c).or_else(|| cyrillic(c)).or_else(|| greek(c))
}

fn latin(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' | 'ẞ' => "ss",
        'æ' | 'Æ' => "ae",
        'œ' | 'Œ' => "oe",
        'ø' | 'Ø' => "o",
        'ł' | 'Ł' => "l",
        'đ' | 'Đ' | 'ð' | 'Ð' => "d",
        'þ' | 'Þ' => "th",
        'ħ' | 'Ħ' => "h",
        'ı' | 'İ' => "i",
        'ŋ' | 'Ŋ' => "ng",
        'ĳ' | 'Ĳ' => "ij",
        'ə' | 'Ə' => "e",
        _ => return None,
    })
}

fn cyrillic(c: char) -> Option<&'static str> {
    let lower = c.to_lowercase().next()?;
    Some(match lower {
        'а' => "a",
        'б' => "b",
        'в' => "v",
        'г' | 'ґ' => "g",
        'д' => "d",
        'е' | 'э' => "e",
        'ё' => "e",
        'є' => "ie",
        'ж' => "zh",
        'з' => "z",
        'и' | 'і' => "i",
        'ї' | 'й' => "i",
        'к' => "k",
        'л' => "l",
        'м' => "m",
        'н' => "n",
        'о' => "o",
        'п' => "p",
        'р' => "r",
        'с' => "s",
        'т' => "t",
        'у' => "u",
        'ф' => "f",
        'х' => "kh",
        'ц' => "ts",
        'ч' => "ch",
        'ш' => "sh",
        'щ' => "shch",
        'ъ' | 'ь' => "",
        'ы' => "y",
        'ю' => "iu",
        'я' => "ia",
        _ => return None,
    })
}

fn greek(c: char) -> Option<&'static str> {
    let lower = c.to_lowercase().next()?;
    Some(match lower {
        'α' | 'ά' => "a",
        'β' => "v",
        'γ' => "g",
        'δ' => "d",
        'ε' | 'έ' => "e",
        'ζ' => "z",
        'η' | 'ή' | 'ι' | 'ί' | 'ϊ' => "i",
        'θ' => "th",
        'κ' => "k",
        'λ' => "l",
        'μ' => "m",
        'ν' => "n",
        'ξ' => "x",
        'ο' | 'ό' | 'ω' | 'ώ' => "o",
        'π' => "p",
        'ρ' => "r",
        'σ' | 'ς' => "s",
        'τ' => "t",
        'υ' | 'ύ' => "y",
        'φ' => "f",
        'χ' => "ch",
        'ψ' => "ps",
        _ => return None,
    })
}

/// A coarse key for the sound of a joined word: the first letter's sound and the consonants after
/// it, with letters that transliterations swap made equal and doubles written once.
pub(crate) fn sound(joined: &str) -> String {
    let bytes = joined.as_bytes();
    let mut out = String::new();
    let mut at = 0;
    while at < bytes.len() {
        let (letter, width) = consonant(bytes, at);
        at += width;
        match letter {
            Some(letter) if !out.ends_with(letter) => out.push(letter),
            None if out.is_empty() => out.push('a'),
            _ => {}
        }
    }
    out
}

/// The sound that starts at `at`, and how many letters spell it. `None`: a vowel or a mute letter.
fn consonant(bytes: &[u8], at: usize) -> (Option<char>, usize) {
    let next = bytes.get(at + 1).copied().unwrap_or(0);
    match (bytes[at], next) {
        (b's', b'c') if bytes.get(at + 2) == Some(&b'h') => (Some('x'), 3),
        (b't', b'c') if bytes.get(at + 2) == Some(&b'h') => (Some('x'), 3),
        (b's', b'h' | b'z') | (b'c', b'h' | b'z') | (b'd', b'j') | (b'z', b'h') => (Some('x'), 2),
        (b'p', b'h') => (Some('f'), 2),
        (b'k' | b'g', b'h') => (Some('k'), 2),
        (b't' | b'd', b'h') => (Some(char::from(bytes[at])), 2),
        (b'c' | b'q' | b'k', b'k') => (Some('k'), 2),
        (b'c' | b'q' | b'k', _) => (Some('k'), 1),
        (b'z' | b's', _) => (Some('s'), 1),
        (b'v' | b'f' | b'w', _) => (Some('v'), 1),
        (b'x', _) => (Some('x'), 1),
        (b'a' | b'e' | b'i' | b'o' | b'u' | b'y' | b'j' | b'h', _) => (None, 1),
        (other, _) => (Some(char::from(other)), 1),
    }
}

/// A joined word with its sound, made once for many comparisons.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spelling {
    /// The word.
    pub text: Box<str>,
    sound: Box<str>,
    /// Which letters occur: tells most words apart without looking at them.
    letters: u32,
    /// A print of the sound, for the same reason.
    sound_print: u32,
}

impl Spelling {
    /// A joined word and its sound.
    pub(crate) fn new(joined: &str) -> Self {
        let sound: Box<str> = sound(joined).into();
        let letters = joined.chars().fold(0, |set, letter| set | letter_bit(letter));
        let mix = |print: u32, byte: u8| (print ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        let sound_print = sound.bytes().fold(0x811C_9DC5, mix);
        Self { text: joined.into(), sound, letters, sound_print }
    }

    /// Whether two words differ by so little that a slip of the pen or a transliteration explains
    /// it.
    pub(crate) fn is_alike(&self, other: &Self) -> bool {
        let short = self.text.len().min(other.text.len());
        let apart = self.text.len().abs_diff(other.text.len());
        if short < 3 || apart > 3 {
            return false;
        }
        let slips = match short {
            0..=3 => 0,
            4..=7 => 1,
            _ => 2,
        };
        let sounds_alike = short >= 4
            && self.sound.len() >= 2
            && self.sound_print == other.sound_print
            && self.sound == other.sound;
        // One slip takes at most one letter out of the set and puts one in.
        let may_be_close =
            apart <= slips && (self.letters ^ other.letters).count_ones() as usize <= 2 * slips;
        sounds_alike || (may_be_close && strsim::osa_distance(&self.text, &other.text) <= slips)
    }
}

/// One bit for each letter, and a few for everything else.
fn letter_bit(letter: char) -> u32 {
    match letter {
        'a'..='z' => 1 << (u32::from(letter) - u32::from('a')),
        other => 1 << (26 + u32::from(other) % 6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn particles_are_sorted_for_the_search() {
        assert!(PARTICLES.is_sorted());
    }

    #[test]
    fn one_name_written_in_many_ways_folds_to_one_key() {
        assert_eq!(fold("  Özkan-Łukasiewicz, O'Brien "), "ozkan lukasiewicz obrien");
        assert_eq!(fold("Yıldırım"), "yildirim");
        assert_eq!(fold("Ярослав"), "iaroslav");
        assert_eq!(wide("Müller"), "mueller");
        assert_eq!(joined(&fold("van de Wetering")), "vandewetering");
    }

    #[test]
    fn transliterations_sound_the_same() {
        assert_eq!(sound("youssef"), sound("yusuf"));
        assert_eq!(sound("mohammed"), sound("muhamad"));
        let is_alike = |a: &str, b: &str| Spelling::new(a).is_alike(&Spelling::new(b));
        assert!(is_alike("kowalski", "kowalsky"));
        assert!(!is_alike("jansen", "bakker"));
    }
}
