//! How many reads may be sent again: a share of all requests, so that an instance in trouble is not
//! given more of it. Pure. Writes are never sent again.

/// So many may be sent again before anything went well.
const SPARE_MAX: f64 = 10.0;

/// With each request a fifth of another one is allowed.
const SHARE: f64 = 0.2;

/// What may still be sent again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retries {
    spare: f64,
}

impl Default for Retries {
    fn default() -> Self {
        Self { spare: SPARE_MAX }
    }
}

impl Retries {
    /// A request was sent.
    pub fn sent(&mut self) {
        self.spare = (self.spare + SHARE).min(SPARE_MAX);
    }

    /// Takes leave to send one again.
    pub fn take(&mut self) -> bool {
        let may = self.spare >= 1.0;
        if may {
            self.spare -= 1.0;
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_that_fails_always_is_asked_little_more_than_it_would_be_anyway() {
        let mut retries = Retries::default();
        let mut sent = 0;
        for _ in 0..1000 {
            retries.sent();
            sent += 1;
            while retries.take() {
                retries.sent();
                sent += 1;
            }
        }
        assert!((1250..1270).contains(&sent), "{sent} requests for 1000 reads");
    }
}
