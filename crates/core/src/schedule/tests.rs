use proptest::prelude::*;

use super::*;

fn at(time: &str, days: &[Day], zone: &str) -> Rhythm {
    let (time, zone) = (time.parse().unwrap(), TimeZone::get(zone).unwrap());
    Rhythm::At { time, days: days.iter().copied().collect(), zone }
}

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The slots from one moment to another, as key and moment.
fn slots(rhythm: &Rhythm, from: &str, to: &str) -> String {
    let (mut now, to) = (moment(from), moment(to));
    let mut text = String::new();
    while let Some(slot) = rhythm.next(now).filter(|slot| slot.at <= to) {
        assert_eq!(rhythm.newest(slot.at).as_ref(), Some(&slot), "found from both sides");
        text += &format!("{} = {}\n", slot.key, slot.at);
        now = slot.at;
    }
    text
}

#[test]
fn a_time_that_does_not_exist_is_kept_once_at_the_first_moment_after_the_gap() {
    let rhythm = at("02:30", &[], "Europe/Berlin");
    let text = slots(&rhythm, "2027-03-27T00:00:00Z", "2027-03-29T12:00:00Z");
    insta::assert_snapshot!(text, @r"
    2027-03-27 02:30 = 2027-03-27T01:30:00Z
    2027-03-28 02:30 = 2027-03-28T01:00:00Z
    2027-03-29 02:30 = 2027-03-29T00:30:00Z
    ");
}

#[test]
fn a_time_that_exists_twice_is_kept_once_at_the_first_of_the_two() {
    let rhythm = at("02:30", &[], "Europe/Berlin");
    let text = slots(&rhythm, "2027-10-30T12:00:00Z", "2027-11-01T12:00:00Z");
    insta::assert_snapshot!(text, @r"
    2027-10-31 02:30 = 2027-10-31T00:30:00Z
    2027-11-01 02:30 = 2027-11-01T01:30:00Z
    ");
}

#[test]
fn a_day_that_a_country_left_out_is_kept_when_the_next_one_begins() {
    let rhythm = at("09:00", &[], "Pacific/Apia");
    let text = slots(&rhythm, "2011-12-29T12:00:00Z", "2011-12-31T12:00:00Z");
    insta::assert_snapshot!(text, @r"
    2011-12-29 09:00 = 2011-12-29T19:00:00Z
    2011-12-30 09:00 = 2011-12-30T10:00:00Z
    2011-12-31 09:00 = 2011-12-30T19:00:00Z
    ");
}

#[test]
fn days_of_the_week_are_those_on_the_wall_and_not_those_in_greenwich() {
    let rhythm = at("00:15", &[Day::Monday, Day::Thursday], "Pacific/Kiritimati");
    let text = slots(&rhythm, "2026-11-22T00:00:00Z", "2026-11-27T00:00:00Z");
    insta::assert_snapshot!(text, @r"
    2026-11-23 00:15 = 2026-11-22T10:15:00Z
    2026-11-26 00:15 = 2026-11-25T10:15:00Z
    ");
}

#[test]
fn minutes_are_counted_alike_everywhere_and_know_no_summer_time() {
    let rhythm = Rhythm::Every { minutes: 90 };
    let text = slots(&rhythm, "2027-03-28T00:10:00Z", "2027-03-28T05:00:00Z");
    insta::assert_snapshot!(text, @r"
    2027-03-28T01:30:00Z = 2027-03-28T01:30:00Z
    2027-03-28T03:00:00Z = 2027-03-28T03:00:00Z
    2027-03-28T04:30:00Z = 2027-03-28T04:30:00Z
    ");
}

#[test]
fn what_was_missed_in_a_long_stop_is_due_once_and_counted() {
    let since = moment("2026-01-01T00:00:00Z");
    let kept = Some(moment("2026-10-20T00:30:00Z"));
    let daily = at("02:30", &[], "Europe/Berlin");
    let due = daily.due(since, kept, moment("2026-11-22T12:00:00Z")).unwrap();
    assert_eq!((due.slot.key.as_str(), due.missed), ("2026-11-22 02:30", 32));
    assert_eq!(daily.due(since, Some(due.slot.at), moment("2026-11-22T13:00:00Z")), None);
    let often = Rhythm::Every { minutes: 5 };
    let due = often.due(since, kept, moment("2026-11-19T00:32:00Z")).unwrap();
    assert_eq!((due.slot.key.as_str(), due.missed), ("2026-11-19T00:30:00Z", 30 * 288 - 1));
}

#[test]
fn what_was_due_before_the_schedule_was_written_is_not_made_up_for() {
    let rhythm = at("02:30", &[], "UTC");
    let since = moment("2026-11-22T10:00:00Z");
    assert_eq!(rhythm.due(since, None, moment("2026-11-22T23:00:00Z")), None);
    let due = rhythm.due(since, None, moment("2026-11-23T02:30:00Z")).unwrap();
    assert_eq!((due.slot.key.as_str(), due.missed), ("2026-11-23 02:30", 0));
}

#[test]
fn a_clock_that_jumps_by_a_month_and_back_makes_no_storm() {
    let rhythm = Rhythm::Every { minutes: 60 };
    let (since, mut kept) = (moment("2026-11-01T00:00:00Z"), BTreeSet::new());
    let mut runs = 0;
    for day in ["2026-11-22", "2026-12-22", "2026-11-22", "2026-10-23", "2026-11-22", "2026-12-22"]
    {
        for minute in 0..60 {
            let now = moment(&format!("{day}T12:{minute:02}:00Z"));
            let newest = kept.range(..=now).next_back().copied();
            if let Some(due) = rhythm.due(since, newest, now) {
                assert!(kept.insert(due.slot.at), "a slot was kept twice");
                runs += 1;
            }
        }
    }
    assert_eq!(runs, 2, "one for each hour that the clock really showed after the schedule began");
}

#[test]
fn a_control_that_should_have_run_is_overdue_after_a_while() {
    let due = || Due {
        slot: Slot { key: "k".to_owned(), at: moment("2026-11-22T12:00:00Z") },
        missed: 0,
    };
    let soon = moment("2026-11-22T12:10:00Z");
    let late = moment("2026-11-22T12:16:00Z");
    assert_eq!(health(Some(due()), Some(Outcome::Done), soon), Health::Busy);
    assert_eq!(health(Some(due()), Some(Outcome::Done), late), Health::Overdue(due()));
    assert_eq!(health(None, Some(Outcome::Failed), late), Health::Failed);
    assert_eq!(health(None, Some(Outcome::Running), late), Health::Busy);
    assert_eq!(health(None, None, late), Health::New);
}

proptest! {
    #[test]
    fn between_two_slots_nothing_is_due(
        minute in 0..1440_i32, zone in 0..4_usize, start in 1_000_000_000..2_500_000_000_i64,
    ) {
        let zones = ["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Tehran"];
        let time = format!("{:02}:{:02}", minute / 60, minute % 60);
        let rhythm = at(&time, &[], zones[zone]);
        let now = Timestamp::from_second(start).unwrap();
        let newest = rhythm.newest(now).unwrap();
        let next = rhythm.next(now).unwrap();
        prop_assert!(newest.at <= now && now < next.at);
        prop_assert_eq!(rhythm.next(newest.at), Some(next.clone()));
        prop_assert!(next.at.duration_since(newest.at).as_hours() <= 26);
        prop_assert_eq!(rhythm.due(newest.at, None, now), None);
        let due = rhythm.due(newest.at, None, next.at).unwrap();
        prop_assert_eq!((due.slot, due.missed), (next, 0));
    }
}
