//! The members, the pages of their list, and what an administrator does to them.

use std::ops::Range;

use serde::Serialize;
use serde_json::{Value, json};

use super::brand::{Brand, Design};
use super::member::{Member, MemberState};
use crate::fault::Twist;
use crate::ledger::Done;

/// The first member's number.
const FIRST_ID: u64 = 4001;

/// Everybody in the team.
#[derive(Clone, Debug)]
pub(super) struct Team {
    pub(super) brand: Brand,
    pub(super) members: Vec<Member>,
    pub(super) page_size: usize,
    pub(super) seats: usize,
    /// The highest id that was ever given: nobody gets that of somebody who was removed.
    pub(super) given: u64,
}

/// A page of the list.
pub(super) struct Part {
    pub(super) members: Vec<Member>,
    /// Where they are in the whole list.
    pub(super) places: Range<usize>,
    pub(super) page: usize,
    pub(super) pages: usize,
    /// How many there are, as the page says.
    pub(super) total: Value,
}

/// What a dialog asks.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Ask {
    pub(super) what: String,
    pub(super) title: String,
    pub(super) text: String,
    pub(super) yes: String,
    pub(super) no: String,
    pub(super) ids: Vec<u64>,
    pub(super) email: String,
    pub(super) role: String,
}

/// What an administrator wants done.
#[derive(Clone, Debug)]
pub(super) struct Deed<'a> {
    pub(super) what: &'a str,
    pub(super) ids: Vec<u64>,
    pub(super) role: &'a str,
    pub(super) email: &'a str,
    pub(super) name: &'a str,
}

impl Team {
    pub(super) fn new(brand: Brand, page_size: usize) -> Self {
        Self { brand, members: Vec::new(), page_size, seats: 250, given: 0 }
    }

    /// Takes somebody in and gives their number.
    pub(super) fn add(&mut self, name: &str, email: &str, role: &str, state: MemberState) -> u64 {
        let id = (self.given + 1).max(FIRST_ID);
        self.given = id;
        let (name, email, role) = (name.to_owned(), email.to_owned(), role.to_owned());
        self.members.push(Member { id, name, email, role, state });
        id
    }

    /// Everybody goes but the robot, as if nobody else had ever been there.
    pub(super) fn clear(&mut self) {
        self.members.truncate(1);
        self.given = self.members.iter().map(|it| it.id).max().unwrap_or_default();
    }

    /// Somebody comes who stands before all others in the list.
    pub(super) fn add_in_front(&mut self) {
        let count = self.members.iter().filter(|it| it.name == NEWCOMER).count();
        let email = format!("aaaa.newcomer{count}@elsewhere.example");
        let id = self.add(NEWCOMER, &email, self.brand.roles()[0], MemberState::Active);
        if self.brand == Brand::Stitch {
            let first = self.members.iter().map(|it| it.id).min().unwrap_or(FIRST_ID);
            self.members.iter_mut().filter(|it| it.id == id).for_each(|it| it.id = first - 1);
        }
    }

    /// How many seats are taken, as the page says it.
    pub(super) fn seats(&self) -> String {
        let taken = self.members.iter().filter(|it| it.state.takes_seat()).count();
        format!("{taken} of {} seats used", self.seats)
    }

    /// One page of the list, from 1; what lies behind the end is the last one.
    pub(super) fn part(&self, page: usize, twist: Option<&Twist>) -> Part {
        let mut all = self.members.clone();
        self.brand.sort(&mut all);
        match twist {
            Some(Twist::EmptyList) => all.clear(),
            Some(Twist::HalfList) => all.truncate(all.len() / 2),
            _ => {}
        }
        let pages = all.len().div_ceil(self.page_size).max(1);
        let wanted = if twist == Some(&Twist::RepeatPage) { 1 } else { page.min(pages) };
        let start = (wanted - 1) * self.page_size;
        let places = start..(start + self.page_size).min(all.len());
        let total = match twist {
            Some(Twist::TotalResults { is }) => is.clone(),
            _ => json!(all.len()),
        };
        let page = page.min(pages);
        let pages = if twist == Some(&Twist::EarlyEnd) { page } else { pages };
        Part { members: all[places.clone()].to_vec(), places, page, pages, total }
    }

    /// What is asked before something is done to a member; `None`: no such member.
    pub(super) fn ask(
        &self,
        what: &str,
        id: u64,
        design: Design,
        twist: Option<&Twist>,
    ) -> Option<Ask> {
        let member = self.members.iter().find(|it| it.id == id)?;
        let words = self.brand.words(design);
        let filled =
            |text: &str| text.replace("{name}", &member.name).replace("{email}", &member.email);
        let [title, text, yes, no] = match what {
            "remove" => words.confirm.map(filled),
            _ => [words.change, "{name} ({email})", "Save", "Cancel"].map(filled),
        };
        let mut ask = Ask {
            what: what.to_owned(),
            title,
            text,
            yes,
            no,
            ids: vec![id],
            email: member.email.clone(),
            role: member.role.clone(),
        };
        match twist {
            Some(Twist::DialogTakesMore { others }) => {
                let others = self.members.iter().filter(|it| it.id != id).take(*others);
                ask.ids.extend(others.map(|it| it.id));
                let count = ask.ids.len() - 1;
                ask.text = format!("{} The {count} members who report to them go too.", ask.text);
            }
            Some(Twist::DialogSays { text }) => text.clone_into(&mut ask.text),
            _ => {}
        }
        Some(ask)
    }

    /// Does what an administrator wants; what it did to whom and what the page says, or why not.
    pub(super) fn act(
        &mut self,
        deed: &Deed<'_>,
        design: Design,
    ) -> Result<(Vec<Done>, String), String> {
        if deed.what == "invite" {
            return self.invite(deed);
        }
        let known = |id: &u64| self.members.iter().find(|it| it.id == *id).cloned();
        let Some(meant) = deed.ids.iter().map(known).collect::<Option<Vec<_>>>() else {
            return Err("This member is not in the team any more.".to_owned());
        };
        let first = meant.first().ok_or("Nobody was named.")?;
        let words = self.brand.words(design);
        let told = match deed.what {
            "remove" => {
                words.removed.replace("{name}", &first.name).replace("{email}", &first.email)
            }
            _ => format!("Saved: {}.", first.name),
        };
        let mut done = Vec::new();
        for member in &meant {
            if let Some(what) = self.change(member, deed)? {
                done.push(Done { subject: member.id.to_string(), what });
            }
        }
        Ok((done, told))
    }

    /// Changes one member; says what changed, if anything did.
    fn change(&mut self, member: &Member, deed: &Deed<'_>) -> Result<Option<String>, String> {
        let at = self.members.iter().position(|it| it.id == member.id).expect("it was found above");
        let held = &mut self.members[at];
        let before = held.clone();
        let verb = match deed.what {
            "remove" if self.brand.only_deactivates() => {
                held.state = MemberState::Deactivated;
                "deactivated"
            }
            "remove" => {
                self.members.remove(at);
                return Ok(Some(format!("removed {}", before.email)));
            }
            "restore" => {
                held.state = MemberState::Active;
                "reactivated"
            }
            "role" if self.brand.roles().contains(&deed.role) => {
                deed.role.clone_into(&mut held.role);
                "changed role of"
            }
            _ => return Err("This cannot be done here.".to_owned()),
        };
        Ok((*held != before).then(|| format!("{verb} {}", before.email)))
    }

    fn invite(&mut self, deed: &Deed<'_>) -> Result<(Vec<Done>, String), String> {
        let email = deed.email.trim();
        if !email.contains('@') {
            return Err("This is no e-mail address.".to_owned());
        }
        if self.members.iter().any(|it| it.email.eq_ignore_ascii_case(email)) {
            return Err(format!("{email} is in the team already."));
        }
        let roles = self.brand.roles();
        let role = roles.iter().find(|it| **it == deed.role).unwrap_or(&roles[0]);
        let name = if deed.name.is_empty() { email } else { deed.name };
        let id = self.add(name, email, role, MemberState::Invited);
        let done = Done { subject: id.to_string(), what: format!("invited {email}") };
        Ok((vec![done], format!("{email} was invited.")))
    }

    /// The list as a file (RFC 4180).
    pub(super) fn csv(&self) -> String {
        let mut all = self.members.clone();
        self.brand.sort(&mut all);
        let mut writer = csv::Writer::from_writer(Vec::new());
        let into_memory = "writing into memory does not fail";
        writer.write_record(["User", "Work email", "Permission", "Status"]).expect(into_memory);
        for it in &all {
            let cells = [it.name.as_str(), &it.email, &it.role, it.state.shown()];
            writer.write_record(cells).expect(into_memory);
        }
        let bytes = writer.into_inner().expect(into_memory);
        String::from_utf8(bytes).expect("only text was written")
    }
}

const NEWCOMER: &str = "Aaaa Newcomer";

/// A member as the pages' script wants it.
pub(super) fn row(member: &Member) -> Value {
    json!({
        "id": member.id,
        "name": member.name,
        "email": member.email,
        "role": member.role,
        "state": member.state.shown(),
        "is_off": member.state == MemberState::Deactivated,
        "last": if member.state == MemberState::Invited { "never" } else { "this month" },
    })
}
