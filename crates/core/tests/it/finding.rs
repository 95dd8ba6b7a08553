//! What is found in an organisation: one test for each kind and for each trap.

use rollbook_core::finding::{Evidence, Finding, find};

use crate::organisation::{NOW, Organisation, TODAY, date, moment};

/// What is found, one line each, in order.
fn found(text: &str) -> String {
    let organisation = Organisation::read(text);
    let found = find(&organisation.graph(), &organisation.policy, moment(NOW), date(TODAY));
    let line =
        |f: &Finding| format!("{} {} {}\n  {}", f.severity.word(), f.kind, f.subject, f.because);
    found.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn somebody_who_left_can_still_sign_in() {
    insta::assert_snapshot!(found("
        person Ana Jansen
          record hr/E1 employment 2020-01-01..2026-11-01
          account mindtickle/u1 login=ana@example.org
          account mosaic/u2 login=ajansen state=suspended
          account stonly/u3 login=ajansen state=invited
          account figma/u4 login=ajansen state=gone
    "), @"
    high leftover mindtickle/u1
      Ana Jansen left on 31 October 2026 and can still sign in to mindtickle as ana@example.org; that is 21 days.
    high leftover stonly/u3
      Ana Jansen left on 31 October 2026 and can still accept an invitation to stonly as ajansen; that is 21 days.
    ");
}

#[test]
fn the_last_day_is_still_a_day_at_work() {
    insta::assert_snapshot!(found("
        person Ana Jansen
          record hr/E1 employment 2020-01-01..2026-11-22
          account crm/u1 login=ana
        person Bo Smit
          record hr/E2 employment 2020-01-01..2026-11-21
          account crm/u2 login=bo
    "), @"
    high leftover crm/u2
      Bo Smit left on 20 November 2026 and can still sign in to crm as bo; that is 1 day.
    ");
}

#[test]
fn nobody_has_left_without_an_end_date_or_before_a_future_one() {
    insta::assert_snapshot!(found("
        person Ana Jansen
          record hr/E1 employment 2020-01-01..
          account crm/u1 login=ana
        person Bo Smit
          record hr/E2 employment ..
          account crm/u2 login=bo
        person Cas Prins
          record hr/E3 employment 2020-01-01..2026-12-31
          account crm/u3 login=cas
        person Dee Vos
          account crm/u4 login=dee
    "), @"");
}

#[test]
fn an_account_made_before_the_first_day_is_not_left_over() {
    insta::assert_snapshot!(found("
        person Ana Jansen
          record hr/E1 employment 2026-12-01..
          account crm/u1 login=ana created=2026-11-16
    "), @"");
}

#[test]
fn somebody_who_came_back_has_not_left() {
    insta::assert_snapshot!(found("
        person Ana Jansen
          record hr/E1 employment 2015-01-01..2019-01-01
          record hr/E7 employment 2026-01-01..
          account crm/u1 login=ana
    "), @"");
}

#[test]
fn somebody_who_will_come_back_is_away_until_then() {
    insta::assert_snapshot!(found("
        person Ana Jansen
          record hr/E1 employment 2015-01-01..2026-11-01
          record hr/E7 employment 2026-12-01..
          account crm/old login=ana created=2015-01-01
          account crm/new login=ana2 created=2026-11-20 kind=admin
    "), @"
    high leftover crm/old
      Ana Jansen left on 31 October 2026, is due back on 1 December 2026 and can still sign in to crm as ana; that is 21 days.
    ");
}

#[test]
fn an_account_of_an_instance_for_staff_ends_with_the_employment() {
    insta::assert_snapshot!(found("
        instance hr covers=employment
        instance mail covers=employment|registration
        person Ana Jansen
          record hr/E1 employment 2020-01-01..2026-09-01
          record sis/S1 registration 2026-09-01..
          account hr/u1 login=E1
          account mail/u2 login=ana
        person Bo Smit
          record sis/S2 registration 2026-09-01..
          account hr/u3 login=bo
    "), @"
    high leftover hr/u1
      Ana Jansen is here only with a registration since the employment ended on 31 August 2026, and can still sign in to hr as E1; that is 82 days.
    high leftover hr/u3
      Bo Smit is here with a registration, which hr is not for, and can sign in to it as bo.
    ");
}

#[test]
fn an_administrator_who_left_weighs_more() {
    insta::assert_snapshot!(found("
        instance crm admin_roles=owner|g1 admin_group=u4
        person Ana Jansen
          record hr/E1 employment 2020-01-01..2026-11-01
          account crm/u1 login=adm-ana kind=admin
          account crm/u2 login=ana roles=reader|owner kind=unknown
          account crm/u4 login=ana4 state=invited kind=unknown
    "), @"
    critical leftover crm/u1
      Ana Jansen left on 31 October 2026 and can still sign in to crm as adm-ana; that is 21 days.
    critical leftover crm/u2
      Ana Jansen left on 31 October 2026 and can still sign in to crm as ana; that is 21 days.
    critical leftover crm/u4
      Ana Jansen left on 31 October 2026 and can still accept an invitation to crm as ana4; that is 21 days.
    high duplicate_account crm/u2 and crm/u4
      Ana Jansen has two everyday accounts in crm, ana and ana4; one of them should go.
    ");
}

#[test]
fn an_account_without_any_candidate_is_an_orphan() {
    insta::assert_snapshot!(found("
        nobody
          account crm/u1 login=zz created=2024-05-03
          account crm/u2 login=adm-zz kind=admin
          account crm/u3 login=old state=suspended
          account crm/u4 login=what kind=unknown
    "), @"
    critical orphan crm/u2
      The administrator's account adm-zz of crm is open, and nobody who works or worked here is known to own it.
    high orphan crm/u1
      The account zz of crm has been open since 3 May 2024, and nobody who works or worked here is known to own it.
    high orphan crm/u4
      The account what of crm is open, and nobody who works or worked here is known to own it.
    ");
}

#[test]
fn nobody_is_called_an_orphan_while_a_source_was_never_read() {
    insta::assert_snapshot!(found("
        source hr read=never
        nobody
          account crm/u1 login=zz
          account crm/s1 login=svc kind=service
    "), @"
    medium unowned_machine crm/s1
      The service account svc of crm works, and nobody is named who answers for it.
    medium stale_view hr
      hr was never read, so nobody is known from it, neither here nor gone.
    ");
}

#[test]
fn an_account_with_candidates_is_ambiguous_and_not_an_orphan() {
    insta::assert_snapshot!(found("
        person Ana Jansen
          record hr/E1 employment 2020-01-01..
        person Anna Jansen
          record hr/E2 employment 2020-01-01..2021-01-01
        perhaps Ana Jansen, Anna Jansen
          account crm/u1 login=a.jansen
          account crm/u2 login=a.jansen2 state=suspended
    "), @"
    medium ambiguous_owner crm/u1
      The account a.jansen of crm may belong to Ana Jansen or Anna Jansen, and a person should say who it is before anything is done with it.
    ");
}

#[test]
fn an_account_whose_every_candidate_has_left_is_left_over() {
    insta::assert_snapshot!(found("
        person Ana Jansen
          record hr/E1 employment 2020-01-01..2024-01-01
        person Anna Jansen
          record hr/E2 employment 2020-01-01..2021-01-01
        perhaps Ana Jansen, Anna Jansen
          account crm/u1 login=a.jansen
        perhaps Anna Jansen
          account crm/u2 login=adm-anna kind=admin
    "), @"
    critical leftover crm/u2
      Anna Jansen may own it and has left, so nobody who is here should be able to sign in to crm as adm-anna.
    high leftover crm/u1
      Only Ana Jansen and Anna Jansen may own it, and all of them have left, so nobody who is here should be able to sign in to crm as a.jansen.
    ");
}

#[test]
fn machines_are_no_orphans_but_need_a_human() {
    insta::assert_snapshot!(found("
        person Ana Jansen
          record hr/E1 employment 2020-01-01..
          account crm/s1 login=svc-sync kind=service
        person Bo Smit
          record hr/E2 employment 2020-01-01..2026-11-01
          account crm/s2 login=svc-mail kind=service
        machine Backup
          account crm/s3 login=svc-backup kind=service
        perhaps Ana Jansen
          account crm/s4 login=bot kind=agent
        nobody
          account crm/s5 login=room-12 kind=mailbox
          account crm/s6 login=svc-old kind=service state=suspended
    "), @"
    medium unowned_machine crm/s2
      The service account svc-mail of crm works, and Bo Smit, who answered for it, left on 31 October 2026.
    medium unowned_machine crm/s3
      The service account svc-backup of crm works, and nobody is named who answers for it.
    medium unowned_machine crm/s4
      The agent account bot of crm works, and nobody has confirmed that Ana Jansen answers for it.
    low unowned_machine crm/s5
      The mailbox account room-12 of crm works, and nobody is named who answers for it.
    ");
}

#[test]
fn a_shared_account_is_named_and_needs_somebody_who_answers() {
    insta::assert_snapshot!(found("
        person Ana Jansen
          record hr/E1 employment 2020-01-01..
          account crm/u1 login=frontdesk kind=shared
        nobody
          account crm/u2 login=op-dir-32-svc kind=shared
    "), @"
    high orphan crm/u2
      The shared account op-dir-32-svc of crm works, and nobody is named who answers for it.
    medium shared_account crm/u1
      Several people use the account frontdesk of crm, so nobody can tell afterwards who did what; Ana Jansen answers for it.
    medium shared_account crm/u2
      Several people use the account op-dir-32-svc of crm, so nobody can tell afterwards who did what.
    ");
}

#[test]
fn one_human_delivered_under_two_numbers_at_once() {
    insta::assert_snapshot!(found("
        person Ana Jansen
          record hr/E1 employment 2024-06-15.. unit=Sales
          record hr/E9 employment 2024-06-15.. unit=Sales
        person Bo Smit
          record hr/E2 employment 2020-01-01..2022-01-01 unit=Sales
          record hr/E3 employment 2021-06-01..2023-01-01 unit=Sales
    "), @"
    medium duplicate_identity hr/E1 and hr/E9
      Ana Jansen is delivered by hr as two people at once, E1 and E9, each with an employment; unless these are really two jobs, one of them should go.
    low duplicate_identity hr/E2 and hr/E3
      Bo Smit is delivered by hr as two people at once, E2 and E3, each with an employment; unless these are really two jobs, one of them should go.
    ");
}

#[test]
fn several_records_of_one_human_that_are_as_they_should_be() {
    insta::assert_snapshot!(found("
        person Mover On One Number
          record hr/E1 employment 2020-01-01..2022-01-01 unit=Sales
          record hr/E1 employment 2021-12-01.. unit=Legal
        person Staff Who Studies
          record hr/E2 employment 2020-01-01..
          record hr/S2 registration 2021-01-01..
        person Rehired
          record hr/E3 employment 2015-01-01..2019-01-01
          record hr/E4 employment 2019-01-01..
        person Two Part Time Jobs
          record hr/P5 employment 2020-01-01.. unit=Sales
          record hr/Q5 employment 2021-01-01.. unit=Legal
        person In Two Sources
          record hr/E5 employment 2020-01-01..
          record idp/77 employment 2020-01-01..
        person Second Contract Cancelled
          record hr/E6 employment 2020-01-01..
          record hr/E7 employment 2026-05-01..2026-05-01
    "), @"");
}

#[test]
fn records_left_apart_that_are_very_much_alike() {
    insta::assert_snapshot!(found("
        person Ana Jansen
          record hr/E1 employment 2024-06-15..
        person Ana  Jansen
          record hr/E2 employment 2024-06-15..
        person Ana Janssen
          record hr/E3 employment 2024-06-15..
        lookalike hr/E2 hr/E1 0.95
        lookalike hr/E1 hr/E3 0.6
    "), @"
    low duplicate_identity hr/E1 and hr/E2
      hr/E1 and hr/E2 look like one human delivered as two people: same name and birth date; a person should say whether they are.
    ");
}

#[test]
fn two_everyday_accounts_of_one_human_in_one_instance() {
    insta::assert_snapshot!(found("
        person Ana Jansen
          record hr/E1 employment 2020-01-01..
          account crm/u2 login=ana2 created=2024-01-01
          account crm/u1 login=ana created=2020-01-01
          account crm/u3 login=adm-ana kind=admin
          account crm/u4 login=ana.old state=suspended
          account mail/u1 login=ana
    "), @"
    medium duplicate_account crm/u1 and crm/u2
      Ana Jansen has two everyday accounts in crm, ana and ana2; one of them should go.
    ");
}

#[test]
fn somebody_has_not_what_the_policy_gives() {
    insta::assert_snapshot!(found("
        birthright crm units=Sales
        birthright * kinds=employment
        instance crm covers=employment
        instance lib covers=registration
        person Has No Account
          record hr/E1 employment 2020-01-01.. unit=Sales
        person Has Another Account
          record hr/E2 employment 2020-01-01.. unit=Sales
          account lib/u2 login=x state=suspended
        person Only Studies
          record hr/S3 registration 2020-01-01.. unit=Sales
        person Comes Next Month
          record hr/E4 employment 2026-12-21.. unit=Sales
        person Has Left
          record hr/E5 employment 2020-01-01..2021-01-01 unit=Sales
    "), @"
    medium missing per_has_another_account in crm
      Has Another Account is here with an employment since 1 January 2020 and has no account in crm.
    medium missing per_has_no_account in *
      Has No Account is here with an employment since 1 January 2020 and has no account in any instance.
    medium missing per_has_no_account in crm
      Has No Account is here with an employment since 1 January 2020 and has no account in crm.
    ");
}

#[test]
fn an_account_that_may_be_theirs_is_said_beside_what_is_missing() {
    insta::assert_snapshot!(found("
        birthright crm
        person Ana Jansen
          record hr/E1 employment 2020-01-01..
        person Bo Smit
          record hr/E2 employment 2020-01-01..
          account crm/u2 login=bo
        perhaps Ana Jansen
          account crm/u1 login=a.jansen
    "), @"
    medium ambiguous_owner crm/u1
      The account a.jansen of crm may belong to Ana Jansen, and a person should say who it is before anything is done with it.
    low missing per_ana_jansen in crm
      Ana Jansen is here with an employment since 1 January 2020 and has no account in crm, unless a.jansen of crm is theirs.
    ");
}

#[test]
fn nothing_is_missing_where_we_did_not_see_everything() {
    insta::assert_snapshot!(found("
        birthright crm
        birthright mail entitlements=licence
        birthright *
        instance crm read=never
        instance mail partial=the_second_page_was_refused.
        person Ana Jansen
          record hr/E1 employment 2020-01-01..
        person Bo Smit
          record hr/E2 employment 2020-01-01..
          account mail/u1 login=bo
    "), @"
    medium stale_view crm
      crm was never read, so nothing can be said about who has an account there.
    medium stale_view mail
      mail was read only in part (the second page was refused), so an account that is not shown may still be there.
    ");
}

#[test]
fn an_entitlement_that_the_policy_gives_is_missing() {
    insta::assert_snapshot!(found("
        birthright mail entitlements=licence|archive
        person Ana Jansen
          record hr/E1 employment 2020-01-01..
          account mail/u1 login=ana roles=archive
            grant licence 2020-01-01..2021-01-01
    "), @"
    low missing mail/u1 licence
      Ana Jansen is here with an employment and should have licence in mail, but the account ana has not.
    ");
}

#[test]
fn a_grant_outlives_its_account() {
    insta::assert_snapshot!(found("
        person Ana Jansen
          record hr/E1 employment 2020-01-01..2026-11-01
          account erp/u1 login=ana state=suspended ends=2026-11-01
            grant ledger 2020-01-01..
            grant ledger 2020-01-01.. via=clerk
            grant reports 2020-01-01..2026-11-01
          account erp/u2 login=ana2 state=suspended ends=2027-11-01
            grant ledger 2020-01-01..
        nobody
          account erp/u9 login=zz ends=2026-01-01
            grant ledger 2020-01-01..
    "), @"
    high orphan erp/u9
      The account zz of erp is open, and nobody who works or worked here is known to own it.
    medium outlived_grant erp/u9 ledger
      The account zz in erp ended on 31 December 2025 and still has ledger; that is 10 months.
    low outlived_grant erp/u1 ledger
      The account ana of Ana Jansen in erp ended on 31 October 2026 and still has ledger; that is 21 days.
    ");
}

#[test]
fn a_grant_kept_by_agreement_ends_by_itself() {
    insta::assert_snapshot!(found("
        policy grace_days=30
        person Ana Jansen
          record hr/E1 employment 2020-01-01..2026-11-01
          account erp/u1 login=ana state=suspended ends=2026-11-01
            grant kept 2020-01-01..2026-12-01
            grant too_long 2020-01-01..2026-12-02
            grant forgotten 2020-01-01..
    "), @"
    low outlived_grant erp/u1 forgotten
      The account ana of Ana Jansen in erp ended on 31 October 2026 and still has forgotten; that is 21 days.
    low outlived_grant erp/u1 too_long
      The account ana of Ana Jansen in erp ended on 31 October 2026 and still has too_long; that is 21 days.
    ");
}

#[test]
fn a_mover_keeps_a_grant_of_the_unit_they_left() {
    insta::assert_snapshot!(found("
        instance erp admin_roles=payroll-root
        person Ana Jansen
          record hr/E1 employment 2020-01-01..2026-03-01 unit=Finance
          record hr/E1 employment 2026-03-01.. unit=Sales
          account erp/u1 login=ana
            grant ledger unit=finance 2020-01-01..
            grant payroll-root unit=Finance 2020-01-01..
            grant pipeline unit=Sales 2026-03-01..
            grant canteen unit=Facilities 2026-03-01..
            grant intranet 2026-03-01..
            grant old-ledger unit=Finance 2020-01-01..2026-03-01
    "), @"
    high extra_grant erp/u1 payroll-root
      Ana Jansen left Finance on 28 February 2026 and still has payroll-root of that unit in erp as ana; that is 8 months.
    medium extra_grant erp/u1 ledger
      Ana Jansen left finance on 28 February 2026 and still has ledger of that unit in erp as ana; that is 8 months.
    ");
}

#[test]
fn an_appointment_explains_a_grant_while_it_lasts_and_gives_access() {
    insta::assert_snapshot!(found("
        appointment hr/E1 Finance 2026-10-01..2027-01-01 both
        appointment hr/E1 Legal 2026-10-01..2027-01-01 approval
        appointment hr/E1 Audit 2025-10-01..2026-01-01 access
        person Ana Jansen
          record hr/E1 employment 2018-01-01..2019-01-01 unit=Audit
          record hr/E1 employment 2019-01-01..2020-01-01 unit=Legal
          record hr/E1 employment 2020-01-01..2026-03-01 unit=Finance
          record hr/E1 employment 2026-03-01.. unit=Sales
          account erp/u1 login=ana
            grant ledger unit=Finance 2020-01-01..
            grant contracts unit=Legal 2019-01-01..
            grant samples unit=Audit 2018-01-01..
    "), @"
    medium extra_grant erp/u1 contracts
      Ana Jansen left Legal on 31 December 2019 and still has contracts of that unit in erp as ana; that is 6 years.
    medium extra_grant erp/u1 samples
      Ana Jansen left Audit on 31 December 2018 and still has samples of that unit in erp as ana; that is 7 years.
    ");
}

#[test]
fn dormant_is_said_only_where_a_last_use_is_known() {
    let organisation = "
        person Ana Jansen
          record hr/E1 employment 2020-01-01..
          account crm/u1 login=ana used=2026-06-01T08:00:00Z
          account mail/u1 login=ana used=2026-08-24T08:00:00Z
          account erp/u1 login=ana
          account lib/u1 login=ana state=suspended used=2020-06-01T08:00:00Z
        nobody
          account crm/s1 login=room kind=mailbox used=2020-06-01T08:00:00Z
    ";
    assert!(!found(organisation).contains("dormant"), "without a limit nothing is dormant");
    insta::assert_snapshot!(found(&format!("policy dormant_days=90\n{organisation}")), @"
    low unowned_machine crm/s1
      The mailbox account room of crm works, and nobody is named who answers for it.
    low dormant crm/u1
      The account ana of Ana Jansen in crm was last used on 1 June 2026; that is 5 months.
    ");
}

#[test]
fn what_we_could_not_look_at_is_a_finding() {
    insta::assert_snapshot!(found("
        instance a read=never
        instance b partial=the_vendor_stopped_at_page_2.
        instance c read=2026-11-18T09:00:00Z
        instance d read=2026-11-19T09:00:00Z
        source hr kept_out=it_has_half_as_many_rows_as_the_last_one.
        source idp read=never
        source sis read=2026-11-19T08:00:00Z
    "), @"
    medium stale_view a
      a was never read, so nothing can be said about who has an account there.
    medium stale_view b
      b was read only in part (the vendor stopped at page 2), so an account that is not shown may still be there.
    medium stale_view c
      c was last read 3 days ago, so what is said about it may no longer be true.
    medium stale_view hr
      The newest delivery of hr was kept out (it has half as many rows as the last one); the delivery before it is used, and who came or left since is not known.
    medium stale_view idp
      idp was never read, so nobody is known from it, neither here nor gone.
    medium stale_view sis
      sis last came 2 days ago, so who came or left since is not known.
    ");
}

#[test]
fn a_secret_ends_with_whoever_made_it() {
    insta::assert_snapshot!(found(
        "
        instance crm personal_secret=yes credential_owner=BO@X.COM
        instance mail personal_secret=yes credential_owner=ana
        instance wiki personal_secret=yes
        instance chat personal_secret=yes credential_owner=nobody
        instance vault personal_secret=yes credential_owner=nobody partial=the_vendor_stopped.
        instance forms credential_owner=bo
        person Ana Jansen
          record hr/E1 employment 2020-01-01..2026-12-01
          account mail/u1 login=ana
        person Bo Smit
          record hr/E2 employment 2020-01-01..2026-10-01
          account crm/u2 login=bo@x.com state=suspended
          account forms/u2 login=bo state=suspended
    "
    ));
}

#[test]
fn the_account_that_rollbook_signs_in_with_is_privileged_and_somebody_answers_for_it() {
    insta::assert_snapshot!(found("
        instance chat personal_secret=yes credential_owner=rollbook robot=yes answers=ana@x.com
        instance crm personal_secret=yes credential_owner=rollbook robot=yes
        instance hub personal_secret=yes credential_owner=rollbook robot=yes answers=ana@x.com
        instance mail personal_secret=yes credential_owner=rollbook robot=yes answers=olga@x.com
        instance wiki personal_secret=yes credential_owner=rollbook robot=yes answers=bo@x.com
        person Ana Jansen
          record hr/E1 employment 2020-01-01..2026-12-01
          account chat/s1 login=rollbook kind=agent
        person Bo Smit
          record hr/E2 employment 2020-01-01..2026-11-01
          account wiki/s1 login=rollbook kind=agent
        nobody
          account crm/s1 login=rollbook kind=agent
          account mail/s1 login=Rollbook kind=agent
    "), @"
    high unowned_machine crm/s1
      The agent account rollbook of crm works, and nobody is named who answers for it.
    high unowned_machine mail/s1
      The agent account Rollbook of mail works, and no source knows olga@x.com, who is to answer for it by rollbook.toml.
    high unowned_machine wiki/s1
      The agent account rollbook of wiki works, and Bo Smit, who answered for it, left on 31 October 2026.
    medium credential_expiring hub
      Rollbook signs in to hub as rollbook, and no account in its list has that login or address. So nobody can see what the account may do there, and who answers for it. Make its own account a member there, or correct `user`.
    ");
}

#[test]
fn a_secret_of_somebody_who_stays_is_no_trouble() {
    insta::assert_snapshot!(found("
        instance mail personal_secret=yes credential_owner=ana
        person Ana Jansen
          record hr/E1 employment 2020-01-01..2027-12-01
          account mail/u1 login=ana
    "), @"");
}

const CONTRADICTED: &str = "
    instance wiki
    contradiction wiki key=scim.delete stated=delete source=the_manual seen=It_stays. on=2026-11-20 \
                                       closing=yes
    contradiction wiki key=scim.paging stated=cursor source=recalled seen=None_came. on=2026-11-02
    instance mail
    contradiction mail key=scim.paging stated=cursor source=the_manual seen=None_came. on=2026-11-02
    instance chat
";

#[test]
fn an_instance_that_does_otherwise_than_is_written_is_one_finding_and_worse_where_it_is_about_closing()
 {
    insta::assert_snapshot!(found(CONTRADICTED), @"
    high contradicted_fact wiki
      wiki does not do what is written about its app; last seen on 20 November 2026. scim.delete is said to be delete; seen: It stays. scim.paging is said to be cursor; seen: None came. How accounts are closed there is part of it, so look before somebody leaves.
    medium contradicted_fact mail
      mail does not do what is written about its app; last seen on 2 November 2026. scim.paging is said to be cursor; seen: None came. What Rollbook does there may rest on it.
    ");
}

#[test]
fn a_contradiction_names_who_says_so_and_the_day_of_the_probe() {
    let organisation = Organisation::read(CONTRADICTED);
    let found = find(&organisation.graph(), &organisation.policy, moment(NOW), date(TODAY));
    let line = |e: &Evidence| format!("{}: {} ({})", e.what, e.value, e.source);
    let lines: Vec<_> = found[0].evidence.iter().map(line).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    scim.delete as written: delete (the manual)
    scim.delete as seen: It stays. (probe of wiki on 2026-11-20)
    scim.paging as written: cursor (recalled)
    scim.paging as seen: None came. (probe of wiki on 2026-11-02)
    ");
}

#[test]
fn the_same_organisation_gives_the_same_findings_in_the_same_order() {
    let lines = "
        nobody
          account crm/u3 login=c
          account crm/u1 login=a
          account crm/u2 login=b kind=admin
    ";
    let turned = "
        nobody
          account crm/u2 login=b kind=admin
          account crm/u1 login=a
          account crm/u3 login=c
    ";
    assert_eq!(found(lines), found(turned));
    assert!(found(lines).starts_with("critical orphan crm/u2"), "the worst comes first");
}

#[test]
fn every_fact_says_where_it_was_read() {
    let organisation = Organisation::read(
        "
        instance crm covers=employment
        person Ana Jansen
          record hr/E1 employment 2020-01-01..2026-11-01
          account crm/u1 login=ana created=2020-01-02
    ",
    );
    let found = find(&organisation.graph(), &organisation.policy, moment(NOW), date(TODAY));
    let line = |e: &Evidence| format!("{}: {} ({})", e.what, e.value, e.source);
    let lines: Vec<_> = found[0].evidence.iter().map(line).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    kind: employment (hr/E1)
    first day: 2020-01-01 (hr/E1)
    last day: 2026-10-31 (hr/E1)
    is for: employment (crm)
    state: active (crm/u1)
    created: 2020-01-02 (crm/u1)
    link: auto: the names are alike (crm/u1)
    read: 2026-11-21T09:00:00Z (crm)
    ");
}

#[test]
fn the_id_of_a_finding_follows_from_its_kind_and_subject_alone() {
    let id = |lines: &str| {
        let organisation = Organisation::read(lines);
        find(&organisation.graph(), &organisation.policy, moment(NOW), date(TODAY))[0].id.clone()
    };
    let then = id("nobody\n account crm/u1 login=ana");
    assert_eq!(then, id("nobody\n account crm/u1 login=renamed created=2020-01-01"));
    assert_ne!(then, id("nobody\n account crm/u2 login=ana"));
}
