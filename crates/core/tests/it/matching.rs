//! Whose account it is: small organisations as text, links as text.

use proptest::prelude::*;
use rollbook_core::identity::Kind;
use rollbook_core::link::LinkVerdict;

use crate::roll::{account_ref, accounts, check, decision, matched, record_ref, records, text};

/// Twenty people, so that there is something to learn conventions and weights from.
const STAFF: &str = "
    number, given,         initials, used,   prefix,   family,     partner,  in_use,            born,       starts,     unit
    E101,   Ana Maria,     A.M.,     Ana,    ,         Jansen,     ,         Jansen,            1990-01-02, 2020-01-06, Sales
    E102,   Albertus,      A.,       Bert,   van der,  Veen,       ,         van der Veen,      1980-02-03, 2018-03-01, Sales
    E103,   Yvonne,        Y.,       Yvonne, ,         Kersten,    Veerman,  Kersten-Veerman,   1975-03-04, 2015-02-09, Finance
    E104,   Hatice Elif,   H.E.,     Hatice, ,         Özkan,      ,         Özkan,             1995-04-05, 2021-08-02, Finance
    E105,   Jan,           J.,       Jan,    ,         Jansen,     ,         Jansen,            1988-05-06, 2019-05-01, Support
    E106,   Joost,         J.,       Joost,  ,         Jansen,     ,         Jansen,            1992-06-07, 2022-06-01, Support
    E107,   Zofia,         Z.,       Zofia,  ,         Kowalczyk,  ,         Kowalczyk,         1991-07-08, 2020-11-02, Legal
    E108,   Karel Otto,    K.O.,     Karel,  de,       Wit,        ,         de Wit,            1970-08-09, 2010-01-04, Legal
    E109,   Mohamed,       M.,       Mo,     ,         El Idrissi, ,         El Idrissi,        1985-09-10, 2017-04-03, Support
    E110,   Elske,         E.,       Elske,  van de,   Wetering,   ,         van de Wetering,   1983-10-11, 2016-09-01, Sales
    E111,   Tom,           T.,       Tom,    ,         Bakker,     ,         Bakker,            1993-11-12, 2023-01-02, Sales
    E112,   Pieter,        P.,       Piet,   ,         Smit,       ,         Smit,              1968-12-13, 2009-06-01, Finance
    E113,   Greta,         G.,       Greta,  ,         Lindqvist,  ,         Lindqvist,         1979-01-14, 2014-02-03, Legal
    E114,   Ibrahim,       I.,       Ibrahim,,         Yıldırım,   ,         Yıldırım,          1989-02-15, 2018-10-01, Support
    E115,   Lucía,         L.,       Lucía,  ,         García,     ,         García,            1994-03-16, 2022-03-01, Finance
    E116,   Sven,          S.,       Sven,   ,         Nygård,     ,         Nygård,            1986-04-17, 2019-09-02, Sales
";

const DIRECTORY: &str = "
    key,  login,          shown,                     created,    unit
    u01,  a.m.jansen,     Ana Jansen,                2020-01-06, Sales
    u02,  a.vanderveen,   Bert van der Veen,         2018-03-01, Sales
    u03,  y.kersten,      Yvonne Kersten-Veerman ,  2015-02-09, Finance
    u04,  h.e.ozkan,      Hatice Özkan,              2021-08-02, Finance
    u05,  j.jansen,       Jan Jansen,                2019-05-01, Support
    u06,  j.jansen2,      Joost Jansen,              2022-06-01, Support
    u07,  z.kowalczyk,    Zofia Kowalczyk,           2020-11-02, Legal
    u08,  k.o.dewit,      Karel de Wit,              2010-01-04, Legal
    u09,  m.elidrissi,    Mo El Idrissi,             2017-04-03, Support
    u10,  e.vandewetering, Elske van de Wetering,    2016-09-01, Sales
    u11,  t.bakker,       Tom Bakker,                2023-01-02, Sales
    u12,  p.smit,         Piet Smit,                 2009-06-01, Finance
    u13,  g.lindqvist,    Greta Lindqvist,           2014-02-03, Legal
    u14,  i.yildirim,     Ibrahim Yildirim,          2018-10-01, Support
    u15,  l.garcia,       Lucia Garcia,              2022-03-01, Finance
    u16,  s.nygard,       Sven Nygård,               2019-09-02, Sales
";

/// The links of `more` accounts, in an instance where the whole staff has its usual account too.
fn beside_the_staff(more_records: &str, more_accounts: &str) -> String {
    let mut staff = records(STAFF);
    staff.extend(records(more_records));
    let mut all = accounts(more_accounts);
    let count = all.len();
    all.extend(accounts(DIRECTORY));
    text(&matched(&staff, &all, &[])[..count])
}

#[test]
fn particles_partners_accents_and_collisions_are_understood() {
    insta::assert_snapshot!(check(STAFF, DIRECTORY), @r"
    dir/u01 auto E101 model
    dir/u02 auto E102 model
    dir/u03 auto E103 model
    dir/u04 auto E104 model
    dir/u05 auto E105 model
    dir/u06 auto E106 model
    dir/u07 auto E107 model
    dir/u08 auto E108 model
    dir/u09 auto E109 model
    dir/u10 auto E110 model
    dir/u11 auto E111 model
    dir/u12 auto E112 model
    dir/u13 auto E113 model
    dir/u14 auto E114 model
    dir/u15 auto E115 model
    dir/u16 auto E116 model
    ");
}

#[test]
fn numbers_ids_and_proven_addresses_decide_before_names_do() {
    let staff = "
        number, given, family, work,          logins
        E1,     Ana,   Jansen, ana@corp.org,  anaj
        E2,     Bo,    Smit,   bo@corp.org,
        E3,     Cas,   Smit,   ,              cas.s
    ";
    insta::assert_snapshot!(check(staff, "
        key, login,        shown,      worker, external, mail
        u1,  x1,           ,           E1,     ,
        u2,  E2,           ,           ,       ,
        u3,  x3,           A. Jansen,  ,       hr/E1,
        u4,  x4,           Bo Smit,    ,       ,         bo@corp.org!
        u5,  CAS.S,        ,           ,       ,
    "), @r"
    dir/u1 auto E1 worker_number
    dir/u2 auto E2 login_number
    dir/u3 auto E1 external_id
    dir/u4 auto E2 verified_email
    dir/u5 auto E3 known_login
    ");
}

#[test]
fn a_number_that_the_shown_name_contradicts_is_a_claim() {
    let staff = "
        number, given, family
        E1,     Ana,   Jansen
        E2,     Bo,    Smit
    ";
    insta::assert_snapshot!(check(staff, "
        key, login, shown,     worker
        u1,  x1,    Eva Zwart, E1
    "), @"dir/u1 suggested E1 claim");
}

#[test]
fn a_shared_or_reused_address_never_links_by_itself() {
    insta::assert_snapshot!(check("
        number, given, family, work,                         starts,     ends
        E1,     Ana,   Jansen, ana@corp.org desk@corp.org,   2018-01-01, 2020-01-01
        E2,     Bo,    Smit,   bo@corp.org desk@corp.org,    2018-01-01,
    ", "
        key, login, shown, mail,           created
        u1,  d1,    ,      desk@corp.org!, 2018-02-01
        u2,  d2,    ,      ana@corp.org!,  2024-02-01
        u3,  d3,    ,      bo@corp.org!,   2018-02-01
    "), @r"
    dir/u1 suggested E1 E2 claim
    dir/u2 auto E1 model
    dir/u3 auto E2 verified_email
    ");
}

#[test]
fn namesakes_without_other_evidence_stay_suggestions() {
    insta::assert_snapshot!(beside_the_staff("
        number, given, initials, used, family, in_use, starts,     unit
        E201,   Jan,   J.,       Jan,  Visser, Visser, 2020-01-01, Sales
        E202,   Jan,   J.,       Jan,  Visser, Visser, 2021-01-01, Sales
    ", "
        key, login,     shown
        v1,  j.visser,  Jan Visser
        v2,  j.visser2, Jan Visser
    "), @r"
    dir/v1 suggested E201 E202 model
    dir/v2 suggested E201 E202 model
    ");
}

#[test]
fn namesakes_are_told_apart_by_unit_and_start() {
    insta::assert_snapshot!(beside_the_staff("
        number, given, initials, used, family, in_use, starts,     unit
        E201,   Jan,   J.,       Jan,  Visser, Visser, 2020-01-01, Sales
        E202,   Jan,   J.,       Jan,  Visser, Visser, 2021-01-01, Legal
    ", "
        key, login,     shown,      created,    unit
        v1,  j.visser,  Jan Visser, 2021-01-01, Legal
        v2,  j.visser2, Jan Visser, 2020-01-01, Sales
    "), @r"
    dir/v1 auto E202 model
    dir/v2 auto E201 model
    ");
}

#[test]
fn namesakes_are_told_apart_by_the_initials_in_their_logins() {
    insta::assert_snapshot!(beside_the_staff("
        number, given,     initials, used, family, in_use, starts,     unit
        E201,   Amir Noud, A.N.,     Noud, Maas,   Maas,   2020-01-01, Sales
        E202,   Mats Noud, M.N.,     Noud, Maas,   Maas,   2020-01-01, Sales
    ", "
        key, login,    shown
        v1,  m.n.maas, Noud Maas
        v2,  a.n.maas, Noud Maas
    "), @r"
    dir/v1 auto E202 model
    dir/v2 auto E201 model
    ");
}

#[test]
fn who_bears_another_second_surname_is_not_linked() {
    insta::assert_snapshot!(beside_the_staff("
        number, given,        initials, used,   family,   second, in_use,         starts,     unit
        E201,   Carmen Juana, C.J.,     Carmen, Martínez, Calvo,  Martínez Calvo, 2020-01-07, Sales
    ", "
        key, login,          shown
        v1,  c.j.martinez,   Carmen Martínez Benito
        v2,  c.j.martinez2,  Carmen Martínez Calvo
    "), @r"
    dir/v1 suggested E201 model
    dir/v2 auto E201 model
    ");
}

#[test]
fn machines_do_not_make_strangers_of_the_staff() {
    let person = "
        number, given, initials, used, family, in_use, starts,     unit
        E201,   Jan,   J.,       Jan,  Visser, Visser, 2020-01-01, Sales
    ";
    let machines: String = (1..=300).map(|n| format!("m{n}, svc-backup-{n},\n")).collect();
    let all = format!("key, login, shown\nv1, x17, Visser J.\n{machines}");
    let links = beside_the_staff(person, &all);
    insta::assert_snapshot!(links.lines().next().unwrap_or_default(), @"dir/v1 auto E201 model");
}

#[test]
fn second_surnames_nicknames_and_transliterations_are_understood() {
    insta::assert_snapshot!(beside_the_staff("
        number, given,          used,  family,    second,  in_use,           starts,     unit
        E201,   Jose Antonio,   ,      Ibáñez,    Romero,  Ibáñez Romero,    2020-01-07, Sales
        E202,   Francisco,      ,      Moreno,    Gil,     Moreno Gil,       2020-02-03, Legal
        E203,   Muhammad,       ,      Al-Sayed,  ,        Al-Sayed,         2020-03-02, Support
        E204,   Elizabeth,      ,      Carter,    ,        Carter,           2020-04-01, Sales
        E205,   Ярослав,        ,      Коваленко, ,        Коваленко,        2020-05-04, Legal
    ", "
        key, login,       shown,                     created,    unit
        v1,  j.ibanez,    Jose Antonio Ibanez Romero, 2020-01-07, Sales
        v2,  f.moreno,    Paco Moreno,               2020-02-03, Legal
        v3,  m.alsayed,   Mohamed Alsayed,           2020-03-02, Support
        v4,  e.carter,    Liz Carter,                2020-04-01, Sales
        v5,  i.kovalenko, Iaroslav Kovalenko,        2020-05-04, Legal
    "), @r"
    dir/v1 auto E201 model
    dir/v2 auto E202 model
    dir/v3 auto E203 model
    dir/v4 auto E204 model
    dir/v5 auto E205 model
    ");
}

#[test]
fn administrators_are_second_accounts_and_machines_have_no_owner() {
    let mut all = accounts(
        "
        key, login,             shown,                created,    unit,    type
        v1,  adm-tbakker,       ,                     2024-05-06, Sales,
        v2,  adm-gveen,         ,                     2024-05-06, Support,
        v3,  tbakker-adm,       Tom Bakker (admin),   2023-01-02, Sales,   admin
        v4,  svc-backup,        ,                     2019-01-01, ,
        v5,  room-3-12,         Room 3.12,            2019-01-01, ,        mailbox
        v6,  op-desk-1,         ,                     2019-01-01, Sales,
    ",
    );
    let count = all.len();
    all.extend(accounts(DIRECTORY));
    let links = matched(&records(STAFF), &all, &[]);
    let kinds: Vec<String> = links[..count].iter().map(|l| format!("{:?}", l.kind)).collect();
    insta::assert_snapshot!(format!("{}\n{}", text(&links[..count]), kinds.join(" ")), @r"
    dir/v1 auto E111 model
    dir/v2 none model
    dir/v3 auto E111 model
    dir/v4 none kind
    dir/v5 none kind
    dir/v6 none kind
    Admin Admin Admin Service Mailbox Shared
    ");
}

#[test]
fn what_a_human_decided_survives_and_the_newest_wins() {
    let (staff, all) = (records(STAFF), accounts(DIRECTORY));
    let confirm = |account: &str, record: &str| LinkVerdict::Confirm {
        account: account_ref(account),
        record: record_ref(record),
    };
    let reject = |account: &str, record: &str| LinkVerdict::Reject {
        account: account_ref(account),
        record: record_ref(record),
    };
    let service = |account: &str, kind: Kind| LinkVerdict::Type {
        account: account_ref(account),
        kind,
        owner: None,
    };
    let decisions = [
        decision(1, reject("u01", "E101")),
        decision(2, confirm("u02", "E101")),
        decision(3, confirm("u02", "E102")),
        decision(4, service("u07", Kind::Service)),
        decision(5, service("u08", Kind::Shared)),
        decision(6, service("u08", Kind::Person)),
    ];
    let links = matched(&staff, &all, &decisions);
    let some: Vec<_> = links
        .into_iter()
        .filter(|l| ["u01", "u02", "u07", "u08"].contains(&l.account.key.as_str()))
        .collect();
    insta::assert_snapshot!(text(&some), @r"
    dir/u01 none model
    dir/u02 confirmed E102 decision
    dir/u07 none decision
    dir/u08 auto E108 model
    ");
}

#[test]
fn the_reason_names_the_evidence() {
    let links = matched(&records(STAFF), &accounts(DIRECTORY), &[]);
    insta::assert_snapshot!(links[3].because, @"The surname in use, the given name in use, made on the day of the start (2021-08-02) and the same unit speak for Hatice Özkan (hr/E104).");
}

#[test]
fn an_empty_organisation_has_accounts_of_nobody() {
    insta::assert_snapshot!(check("number\n", DIRECTORY).lines().next().unwrap_or_default(), @"dir/u01 none model");
    assert_eq!(check(STAFF, "key\n"), "");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_order_of_the_input_does_not_matter(
        staff in Just(records(STAFF)).prop_shuffle(),
        all in Just(accounts(DIRECTORY)).prop_shuffle(),
    ) {
        let sorted = |mut links: Vec<rollbook_core::link::Link>| {
            links.sort_by(|a, b| a.account.cmp(&b.account));
            links
        };
        let expected = sorted(matched(&records(STAFF), &accounts(DIRECTORY), &[]));
        prop_assert_eq!(sorted(matched(&staff, &all, &[])), expected);
    }
}
