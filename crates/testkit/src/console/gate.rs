//! Who may come in: the sign-in in its steps, and the sessions that it makes.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::totp;
use crate::ledger::hex;

/// After so many wrong passwords in a row nobody gets in any more.
const WRONG_MAX: usize = 5;

/// The account that the console is made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Robot {
    /// What it signs in with.
    pub login: String,
    /// Its password.
    pub password: String,
    /// The secret of its one-time codes in base 32, where the console asks for them.
    pub totp: Option<String>,
}

/// How far a browser is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// The password was right.
    Half,
    /// All that was asked was answered.
    Whole,
}

/// The door.
#[derive(Debug)]
pub(super) struct Gate {
    pub(super) robot: Robot,
    sessions: BTreeMap<String, Standing>,
    made: Vec<String>,
    wrong: usize,
    wrong_in_a_row: usize,
}

impl Gate {
    pub(super) fn new(robot: Robot) -> Self {
        Self { robot, sessions: BTreeMap::new(), made: Vec::new(), wrong: 0, wrong_in_a_row: 0 }
    }

    /// Judges a password; a session, or why not as a sentence for the page.
    pub(super) fn enter(&mut self, login: &str, password: &str) -> Result<String, &'static str> {
        if self.wrong_in_a_row >= WRONG_MAX {
            return Err("Too many attempts. Ask your administrator to unlock the account.");
        }
        if !self.robot.login.eq_ignore_ascii_case(login.trim()) || self.robot.password != password {
            self.wrong += 1;
            self.wrong_in_a_row += 1;
            return Err("The e-mail or the password is wrong.");
        }
        self.wrong_in_a_row = 0;
        let whole = if self.robot.totp.is_some() { Standing::Half } else { Standing::Whole };
        Ok(self.session(whole))
    }

    /// Judges a one-time code; a new session, or why not.
    pub(super) fn enter_code(&mut self, half: &str, code: &str) -> Result<String, &'static str> {
        let secret = self.robot.totp.as_deref().unwrap_or_default();
        if !totp::fits(secret, code) {
            self.wrong += 1;
            return Err("The code is wrong or too old.");
        }
        self.sessions.remove(half);
        Ok(self.session(Standing::Whole))
    }

    /// A session that waits for something that only a person has.
    pub(super) fn hold(&mut self, session: &str) {
        self.sessions.remove(session);
    }

    pub(super) fn standing(&self, session: &str) -> Option<Standing> {
        self.sessions.get(session).copied()
    }

    /// Ends all sessions.
    pub(super) fn end_all(&mut self) {
        self.sessions.clear();
    }

    /// How many passwords and codes were wrong.
    pub(super) fn wrong(&self) -> usize {
        self.wrong
    }

    /// Every session that was ever made.
    pub(super) fn made(&self) -> &[String] {
        &self.made
    }

    fn session(&mut self, standing: Standing) -> String {
        let seed = format!("{}/{}", self.robot.password, self.made.len());
        let session = hex(&Sha256::digest(seed.as_bytes()));
        self.sessions.insert(session.clone(), standing);
        self.made.push(session.clone());
        session
    }
}
