//! Which worker records are one human.

use rollbook_core::id::IdentityId;
use rollbook_core::identity::{Known, resolve};
use rollbook_core::link::LinkVerdict;

use crate::roll::{decision, identities, record_ref, records};

fn check(table: &str) -> String {
    identities(&resolve(&records(table), &Known::new(), &[]))
}

#[test]
fn a_rehire_and_a_second_source_are_one_human() {
    insta::assert_snapshot!(check("
        number,   given,      used,  prefix,  family,  born,       private,        starts,     ends
        hr/E100,  Albertus,   Bert,  van der, Veen,    1980-05-17, bert@home.nl,   2015-01-01, 2019-01-01
        hr/E205,  ALBERTUS,   Bert,  ,        VAN DER VEEN, 1980-05-17, bert@home.nl, 2022-01-01,
        sis/S77,  Albertus,   ,      van der, Veen,    1980-05-17, bert@home.nl,   2020-09-01,
        hr/E300,  Ana,        Ana,   ,        Jansen,  1991-02-03, ana@home.nl,    2020-01-01,
    "), @r"
    Ana Jansen: hr/E300
    Bert VAN DER VEEN: hr/E100 hr/E205 sis/S77
    ");
}

#[test]
fn twins_and_father_and_son_are_apart() {
    insta::assert_snapshot!(check("
        number, given, family,     born,       private
        E1,     Noor,  Duinkerken, 2001-04-04, duinkerken@home.nl
        E2,     Nina,  Duinkerken, 2001-04-04, duinkerken@home.nl
        E3,     Jan,   Duinkerken, 1966-09-12, duinkerken@home.nl
        E4,     Jan,   Duinkerken, 1999-01-30, duinkerken@home.nl
    "), @r"
    Jan Duinkerken: hr/E3
    Jan Duinkerken: hr/E4
    Nina Duinkerken: hr/E2
    Noor Duinkerken: hr/E1
    perhaps hr/E3 hr/E4
    ");
}

#[test]
fn a_placeholder_birth_date_proves_nothing() {
    let both = "
        number, given, family, born
        E1,     Jan,   Jansen, 1900-01-01
        E2,     Jan,   Jansen, 1900-01-01
    ";
    insta::assert_snapshot!(check(both), @r"
    Jan Jansen: hr/E1
    Jan Jansen: hr/E2
    ");
}

#[test]
fn what_a_human_said_of_two_records_stands() {
    let table = records(
        "
        number, given, family,     born,       private
        E1,     Noor,  Duinkerken, 2001-04-04, noor@home.nl
        E2,     Noor,  Duinkerken, 2001-04-04, noor@home.nl
        E3,     Eva,   de Wit,     ,
        E4,     Eefje, Zwart,      ,
    ",
    );
    let decisions = [
        decision(1, LinkVerdict::Apart { left: record_ref("E1"), right: record_ref("E2") }),
        decision(2, LinkVerdict::Same { left: record_ref("E3"), right: record_ref("E4") }),
    ];
    insta::assert_snapshot!(identities(&resolve(&table, &Known::new(), &decisions)), @r"
    Eefje Zwart: hr/E3 hr/E4
    Noor Duinkerken: hr/E1
    Noor Duinkerken: hr/E2
    ");
}

#[test]
fn an_identity_keeps_its_id_when_a_record_comes_or_goes() {
    let table = records(
        "
        number, given, family,     born,       private
        E1,     Noor,  Duinkerken, 2001-04-04, noor@home.nl
        E2,     Noor,  Duinkerken, 2001-04-04, noor@home.nl
    ",
    );
    let first = resolve(&table[1..], &Known::new(), &[]);
    let id: IdentityId = first.identities[0].id.clone();
    let known: Known = [(record_ref("E2"), id.clone())].into_iter().collect();
    let both = resolve(&table, &known, &[]);
    assert_eq!(both.identities.len(), 1);
    assert_eq!(both.identities[0].id, id);
    let apart =
        [decision(1, LinkVerdict::Apart { left: record_ref("E1"), right: record_ref("E2") })];
    let known: Known =
        [(record_ref("E1"), id.clone()), (record_ref("E2"), id.clone())].into_iter().collect();
    let split = resolve(&table, &known, &apart);
    let kept: Vec<bool> = split.identities.iter().map(|i| i.id == id).collect();
    assert_eq!(kept.iter().filter(|kept| **kept).count(), 1, "one part keeps the id: {split:?}");
}
