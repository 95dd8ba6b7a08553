//! Names as people in one European company have them.

use super::Name;
use super::random::Random;

/// Given name, and the name used day to day where it is another one.
const GIVEN: [(&str, &str); 56] = [
    ("Ana", ""),
    ("Willem", "Wim"),
    ("Johanna", "Hanneke"),
    ("Zoë", ""),
    ("Łukasz", ""),
    ("Małgorzata", "Gosia"),
    ("Øystein", ""),
    ("Sören", ""),
    ("Jürgen", ""),
    ("Katharina", "Kathi"),
    ("François", ""),
    ("Éloïse", ""),
    ("Robert", "Bob"),
    ("Margaret", "Peggy"),
    ("Siobhán", ""),
    ("Giulia", ""),
    ("Alessandro", "Sandro"),
    ("José María", "Chema"),
    ("Inês", ""),
    ("João", ""),
    ("Dimitra", ""),
    ("Ayşe", ""),
    ("Mehmet", ""),
    ("Nguyên", ""),
    ("Priya", ""),
    ("Arjun", ""),
    ("Fatima", ""),
    ("Yusuf", ""),
    ("Ingrid", ""),
    ("Lars", ""),
    ("Pieter", "Piet"),
    ("Femke", ""),
    ("Anneke", ""),
    ("Thomas", "Tom"),
    ("Elisabeth", "Lies"),
    ("Bartosz", "Bartek"),
    ("Agnieszka", ""),
    ("Tomáš", ""),
    ("Jiří", ""),
    ("Eszter", ""),
    ("Gábor", ""),
    ("Andreea", ""),
    ("Ștefan", ""),
    ("Maria", ""),
    ("Olga", ""),
    ("Nils", ""),
    ("Freja", ""),
    ("Mikkel", ""),
    ("Saoirse", ""),
    ("Owen", ""),
    ("Charlotte", "Lotte"),
    ("Hugo", ""),
    ("Mireille", ""),
    ("Paul", ""),
    ("Renée", ""),
    ("Karim", ""),
];

/// Particle and family name.
const FAMILY: [(&str, &str); 60] = [
    ("", "Ruiz"),
    ("van den", "Berg"),
    ("van der", "Meer"),
    ("de", "Vries"),
    ("van", "Dijk"),
    ("", "Jansen"),
    ("", "Bakker"),
    ("de la", "Cruz"),
    ("von", "Ahlen"),
    ("", "Müller"),
    ("", "Schröder"),
    ("", "Weiß"),
    ("", "Kowalczyk"),
    ("", "Wiśniewski"),
    ("", "Łopata"),
    ("", "Dvořák"),
    ("", "Novák"),
    ("", "Szabó"),
    ("", "Tóth"),
    ("", "Popescu"),
    ("", "Ionescu"),
    ("", "Papadaki"),
    ("", "Yılmaz"),
    ("", "Çelik"),
    ("", "O'Brien"),
    ("", "O'Sullivan"),
    ("", "Murphy"),
    ("", "Smith"),
    ("", "Taylor"),
    ("", "Clarke"),
    ("", "Hansen"),
    ("", "Sørensen"),
    ("", "Østergård"),
    ("", "Lindström"),
    ("", "Åkesson"),
    ("", "Virtanen"),
    ("", "Rossi"),
    ("", "Conti"),
    ("De", "Luca"),
    ("", "Moretti"),
    ("", "Silva"),
    ("", "Carvalho"),
    ("dos", "Santos"),
    ("", "Lefèvre"),
    ("", "Dubois"),
    ("du", "Pont"),
    ("", "Moreau"),
    ("", "Smit-Visser"),
    ("", "Nowak-Kamińska"),
    ("", "Sharma"),
    ("", "Patel"),
    ("", "Iyer"),
    ("", "Tran"),
    ("", "Haddad"),
    ("el", "Amrani"),
    ("", "Demir"),
    ("", "García"),
    ("", "Martínez"),
    ("", "Núñez"),
    ("", "Herrero"),
];

/// Family names that are followed by the mother's.
const WITH_SECOND: [&str; 7] = ["Ruiz", "García", "Martínez", "Núñez", "Herrero", "Cruz", "Silva"];
const SECOND: [&str; 6] = ["López", "Ibáñez", "Ortega", "Peña", "Castro", "Moreno"];

/// As many names as asked for, at most 60; no two have the same given and family name.
pub(super) fn make(random: &mut Random, count: usize) -> Vec<Name> {
    let mut pairs: Vec<(usize, usize)> =
        (0..GIVEN.len()).flat_map(|given| (0..FAMILY.len()).map(move |it| (given, it))).collect();
    random.shuffle(&mut pairs);
    pairs.truncate(count);
    pairs
        .into_iter()
        .map(|(given, family)| {
            let ((given, used), (particle, family)) = (GIVEN[given], FAMILY[family]);
            let second = if WITH_SECOND.contains(&family) { *random.pick(&SECOND) } else { "" };
            Name::new(given, used, particle, family, second)
        })
        .collect()
}

/// Lower-case ASCII letters and digits of a name; everything else is spelled with them or dropped.
pub(super) fn plain(name: &str) -> String {
    name.to_lowercase().chars().filter_map(spelled).collect()
}

fn spelled(letter: char) -> Option<&'static str> {
    const PLAIN: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
    if let Some(at) = PLAIN.find(letter) {
        return PLAIN.get(at..=at);
    }
    Some(match letter {
        'á' | 'à' | 'â' | 'ã' | 'å' => "a",
        'ä' | 'æ' => "ae",
        'ç' | 'č' | 'ć' => "c",
        'é' | 'è' | 'ê' | 'ë' | 'ę' => "e",
        'í' | 'î' | 'ï' | 'ı' => "i",
        'ł' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ó' | 'ô' | 'õ' => "o",
        'ö' | 'ø' => "oe",
        'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ß' => "ss",
        'ú' | 'ů' => "u",
        'ü' => "ue",
        'ý' => "y",
        'ż' | 'ź' | 'ž' => "z",
        _ => return None,
    })
}
