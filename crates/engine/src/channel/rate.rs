//! What an answer's headers say of the vendor's limit. Pure.

use std::time::Duration;

use jiff::Timestamp;

use super::pace::quota::Quota;

/// Nobody waits longer than this because a header says so, in seconds.
const WAIT_S_MAX: f64 = 3600.0;

/// The same.
pub const WAIT_MAX: Duration = Duration::from_secs(3600);

/// A number of seconds larger than this is a moment since 1970, not a wait.
const MOMENT_S_MIN: f64 = 1e9;

/// Larger still: the moment is in milliseconds.
const MOMENT_MS_MIN: f64 = 1e12;

/// What is left of the vendor's limit, where it says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// Requests that a window holds.
    pub limit: Option<u64>,
    /// How long the window is, in seconds.
    pub window_s: Option<u64>,
    /// Requests left in this window.
    pub remaining: Option<u64>,
    /// When the window ends, as sent: seconds from now, a moment since 1970, or a date.
    pub reset: Option<String>,
}

impl Rate {
    /// Reads `RateLimit-*`, `X-RateLimit-*` and `X-Rate-Limit-*`, and the one header `RateLimit` of
    /// the later drafts (draft-ietf-httpapi-ratelimit-headers). `header` gives one by its name.
    pub fn read<'a>(header: &dyn Fn(&str) -> Option<&'a str>) -> Self {
        let of = |what: &str| {
            ["ratelimit", "x-ratelimit", "x-rate-limit"]
                .iter()
                .find_map(|family| header(&format!("{family}-{what}")))
        };
        let joined = |names: [&str; 2]| part(header("ratelimit")?, names);
        let policy = |names: [&str; 2]| part(header("ratelimit-policy")?, names);
        // `100, 100;w=60`: the limit that counts, then the policies that there are.
        let limit = of("limit").and_then(|text| text.split([',', ';']).next());
        let limit = limit.or_else(|| joined(["l", "limit"])).or_else(|| policy(["q", "quota"]));
        let window = policy(["w", "window"])
            .or_else(|| part(of("limit")?, ["w", "window"]))
            .or_else(|| joined(["w", "window"]));
        let remaining = of("remaining").or_else(|| joined(["r", "remaining"]));
        let reset = of("reset").or_else(|| joined(["t", "reset"]));
        Self {
            limit: number(limit),
            window_s: number(window),
            remaining: number(remaining),
            reset: reset.map(|text| text.trim().to_owned()),
        }
    }

    /// The same for the pace, at the moment `now`. Nothing in it is longer than an hour.
    pub fn quota(&self, now: Timestamp) -> Quota {
        let bounded = |seconds: u64| Duration::from_secs(seconds).min(WAIT_MAX);
        Quota {
            limit: self.limit,
            remaining: self.remaining,
            resets_in: self.wait(now),
            window: self.window_s.filter(|seconds| *seconds > 0).map(bounded),
        }
    }

    /// Whether nothing is left.
    pub fn is_spent(&self) -> bool {
        self.remaining == Some(0)
    }

    /// How long until the window ends, clamped to 1 s … 1 h.
    pub fn wait(&self, now: Timestamp) -> Option<Duration> {
        let text = self.reset.as_deref()?;
        let seconds = match text.parse::<f64>() {
            Ok(moment) if moment >= MOMENT_MS_MIN => moment / 1000.0 - now.as_second() as f64,
            Ok(moment) if moment >= MOMENT_S_MIN => moment - now.as_second() as f64,
            Ok(seconds) => seconds,
            Err(_) => until(text, now)?,
        };
        clamped(seconds)
    }
}

/// The value of one of the parameters `names` in a structured field, whatever comes before it.
fn part<'a>(text: &'a str, names: [&str; 2]) -> Option<&'a str> {
    let mut pairs = text.split([';', ',']).filter_map(|part| part.trim().split_once('='));
    pairs.find(|(name, _)| names.contains(name)).map(|(_, value)| value.trim())
}

fn number(text: Option<&str>) -> Option<u64> {
    text?.trim().parse().ok()
}

/// How long a vendor asks us to wait, from a `Retry-After` in seconds or as an HTTP date, clamped
/// to 1 s … 1 h. `None` when there is none or it says nothing.
pub fn retry_after(text: Option<&str>, now: Timestamp) -> Option<Duration> {
    let text = text?.trim();
    clamped(text.parse::<f64>().ok().or_else(|| until(text, now))?)
}

/// Seconds until a date, as HTTP or RFC 3339 writes it.
fn until(date: &str, now: Timestamp) -> Option<f64> {
    let http = jiff::fmt::rfc2822::parse(date).map(|zoned| zoned.timestamp());
    let moment = http.or_else(|_| date.parse::<Timestamp>()).ok()?;
    Some(moment.duration_since(now).as_secs_f64())
}

fn clamped(seconds: f64) -> Option<Duration> {
    seconds.is_finite().then(|| Duration::from_secs_f64(seconds.clamp(1.0, WAIT_S_MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left, and how many seconds to wait, on 2026-11-21 at noon.
    fn check(headers: &[(&str, &str)]) -> (Option<u64>, Option<u64>) {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let find = |name: &str| headers.iter().find(|(n, _)| *n == name).map(|(_, value)| *value);
        let rate = Rate::read(&find);
        (rate.remaining, rate.wait(now).map(|wait| wait.as_secs()))
    }

    #[test]
    fn every_family_of_headers_is_understood() {
        let noon = 1_795_262_400_u64;
        assert_eq!(
            check(&[("ratelimit-remaining", "0"), ("ratelimit-reset", "7")]),
            (Some(0), Some(7))
        );
        let moment = (noon + 30).to_string();
        assert_eq!(
            check(&[("x-ratelimit-remaining", "3"), ("x-ratelimit-reset", &moment)]),
            (Some(3), Some(30))
        );
        let in_ms = ((noon + 40) * 1000).to_string();
        assert_eq!(check(&[("x-rate-limit-reset", &in_ms)]), (None, Some(40)));
        assert_eq!(check(&[("ratelimit", "\"default\";r=0;t=5")]), (Some(0), Some(5)));
        assert_eq!(
            check(&[("ratelimit", "limit=100, remaining=0, reset=50")]),
            (Some(0), Some(50))
        );
        assert_eq!(check(&[("x-ratelimit-reset", "2026-11-21T12:01:00Z")]), (None, Some(60)));
    }

    /// The limit, and how many seconds its window has.
    fn limit(headers: &[(&str, &str)]) -> (Option<u64>, Option<u64>) {
        let find = |name: &str| headers.iter().find(|(n, _)| *n == name).map(|(_, value)| *value);
        let rate = Rate::read(&find);
        (rate.limit, rate.window_s)
    }

    #[test]
    fn the_limit_and_its_window_are_found_wherever_they_are_said() {
        assert_eq!(limit(&[("x-ratelimit-limit", "600")]), (Some(600), None));
        assert_eq!(limit(&[("ratelimit-limit", "100, 100;w=60")]), (Some(100), Some(60)));
        assert_eq!(limit(&[("ratelimit", "limit=100, remaining=3, reset=50")]), (Some(100), None));
        let policy = ("ratelimit-policy", "\"default\";q=100;w=10");
        assert_eq!(limit(&[("ratelimit", "\"default\";r=50;t=5"), policy]), (Some(100), Some(10)));
        assert_eq!(limit(&[("x-rate-limit-limit", "many")]), (None, None));
        let endless = Rate { window_s: Some(u64::MAX), ..Rate::default() };
        assert_eq!(endless.quota(Timestamp::UNIX_EPOCH).window, Some(WAIT_MAX));
    }

    #[test]
    fn headers_that_lie_make_nobody_wait_for_ever() {
        assert_eq!(check(&[("ratelimit-reset", "1e11")]).1, Some(3600), "a moment far away");
        assert_eq!(check(&[("ratelimit-reset", "-5")]).1, Some(1));
        assert_eq!(check(&[("ratelimit-reset", "NaN")]).1, None);
        assert_eq!(
            check(&[("ratelimit-reset", "soon"), ("ratelimit-remaining", "few")]),
            (None, None)
        );
    }
}
