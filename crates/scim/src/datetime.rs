//! Just enough of RFC 3339 to compare two moments, so that `lastModified gt` means time, not text.

/// Seconds since 1970-01-01T00:00:00Z and nanoseconds, or `None` where `text` is no date-time.
pub(crate) fn moment(text: &str) -> Option<(i64, u32)> {
    let bytes = text.as_bytes();
    let punctuated = bytes.len() >= 20
        && (bytes[4], bytes[7], bytes[13], bytes[16]) == (b'-', b'-', b':', b':')
        && matches!(bytes[10], b'T' | b't' | b' ');
    if !punctuated {
        return None;
    }
    let (year, month, day) = (digits(text, 0, 4)?, digits(text, 5, 2)?, digits(text, 8, 2)?);
    let (hour, minute, second) = (digits(text, 11, 2)?, digits(text, 14, 2)?, digits(text, 17, 2)?);
    let in_range = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !in_range {
        return None;
    }
    let (nanos, zone) = fraction(text.get(19..)?)?;
    let clock = hour * 3600 + minute * 60 + second;
    Some((days(year, month, day) * 86_400 + clock - offset_s(zone)?, nanos))
}

fn digits(text: &str, at: usize, len: usize) -> Option<i64> {
    let part = text.get(at..at + len)?;
    part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?
}

/// Splits `.123Z` into nanoseconds and the zone.
fn fraction(rest: &str) -> Option<(u32, &str)> {
    let Some(rest) = rest.strip_prefix('.') else { return Some((0, rest)) };
    let len = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (part, zone) = rest.split_at(len);
    let nanos = format!("{:0<9.9}", part);
    (len > 0).then(|| Some((nanos.parse().ok()?, zone)))?
}

fn offset_s(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let well_formed = zone.len() == 6 && zone.as_bytes()[3] == b':';
    let (hours, minutes) = (digits(zone, 1, 2)?, digits(zone, 4, 2)?);
    well_formed.then_some(sign * (hours * 3600 + minutes * 60))
}

/// Days since 1970-01-01 in the Gregorian calendar, with March as the first month of the year so
/// that the leap day falls at its end.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let leaps = year / 4 - year / 100 + year / 400;
    year * 365 + leaps + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn the_same_moment_in_two_zones_is_equal() {
        assert_eq!(moment("2026-03-01T00:30:00+01:00"), moment("2026-02-28T23:30:00Z"));
        assert_eq!(moment("1970-01-01T00:00:00Z"), Some((0, 0)));
        assert_eq!(moment("2000-03-01T00:00:00.5Z"), Some((951_868_800, 500_000_000)));
    }

    #[test]
    fn what_is_no_date_time_is_none() {
        for text in [
            "",
            "2026-03-01",
            "2026-13-01T00:00:00Z",
            "2026-03-01T00:00:00",
            "é26-03-01T00:00:00ZZ",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }
}
