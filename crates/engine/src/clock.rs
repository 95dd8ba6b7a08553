//! What time it is: the system's time, or a moment that the caller fixed.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// The only source of time in the engine.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The system's clock.
    System,
    /// The book as of another moment: the system's clock, moved by a fixed amount.
    Shifted(SignedDuration),
}

impl Clock {
    /// A clock on which it is now the start of `day` in `zone`, and which then runs on.
    ///
    /// # Errors
    /// When the day does not exist on the time line of the zone.
    pub fn starting_on(day: Date, zone: &TimeZone) -> Result<Self, jiff::Error> {
        let start = day.to_zoned(zone.clone())?.timestamp();
        Ok(Self::Shifted(start.duration_since(Timestamp::now())))
    }

    /// The same clock, set to `true_now`.
    #[must_use]
    pub fn set_to(self, true_now: Timestamp) -> Self {
        Self::Shifted(true_now.duration_since(Timestamp::now()))
    }

    /// Now.
    pub fn now(self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Shifted(by) => {
                let now = Timestamp::now();
                now.checked_add(by).unwrap_or(now)
            }
        }
    }
}
