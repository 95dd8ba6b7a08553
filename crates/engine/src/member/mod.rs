//! Members: the people who may sign in to a workspace, each with one role.
//!
//! A member is a name that the audit chain will speak of, so no two live ones share it. They are let
//! in by a link that works once ([`session`]); programs have tokens ([`api_token`]) that may read and
//! propose. Every secret is shown once and kept as a keyed hash.

mod api_token;
mod session;

use std::collections::BTreeSet;

use jiff::Timestamp;
use ring::hmac;
use rollbook_core::canonical::fold;
use rollbook_core::event::Draft;
use rollbook_core::id::hex;
use rollbook_core::role::Role;
use serde_json::{Value, json};

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::reconcile::named;
use crate::store::Writing;
use crate::store::members::MemberRow;

pub use api_token::{ApiCaller, ApiToken, MintedApiToken};
pub use session::{Invited, Opened, Signed};

/// What the key that these secrets are hashed with is derived for.
const PURPOSE: &str = "hash of sign-in links, sessions and programs' tokens, v1";
/// The longest name of a member, in characters.
const NAME_MAX: usize = 100;

/// Somebody who may sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Stays the same whatever the name.
    pub id: String,
    /// Under which everything they do is recorded.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Since when.
    pub made_at: Timestamp,
    /// Since when no more.
    pub ended_at: Option<Timestamp>,
}

impl From<MemberRow> for Member {
    fn from(row: MemberRow) -> Self {
        let MemberRow { id, name, role, made_at, ended_at } = row;
        Self { id, name, role, made_at, ended_at }
    }
}

impl Engine {
    /// All members that there ever were, by name.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn members(&self) -> Result<Vec<Member>> {
        let rows = self.store.read(|book| book.member_rows())?;
        Ok(rows.into_iter().map(Member::from).collect())
    }

    /// The live member of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn member(&self, name: &str) -> Result<Member> {
        let wanted = fold(&name.split_whitespace().collect::<Vec<_>>().join(" "));
        let mut members = self.members()?.into_iter().filter(|member| member.ended_at.is_none());
        members.find(|member| fold(&member.name) == wanted).ok_or_else(|| {
            Error::input(format!("Nobody named `{name}` may sign in."))
                .hint("`rollbook member list` lists who may.")
        })
    }

    /// Lets somebody sign in from now on. `as_role` is the role of whoever says so; `None`: somebody
    /// at the machine itself, who holds the signing key and so may do anything.
    ///
    /// # Errors
    /// When the name cannot be one or is taken, or when that role admits no such member.
    pub fn add_member(
        &self,
        name: &str,
        role: Role,
        by: &str,
        as_role: Option<Role>,
    ) -> Result<Member> {
        check_admits(as_role, role)?;
        let by = named(by)?;
        let added = self.store.write(|book| self.add(book, name, role, by))?;
        self.checkpoint()?;
        Ok(added)
    }

    /// Gives a member another role. It counts from their next request on.
    ///
    /// # Errors
    /// When there is no such member, that role admits neither, or no owner would be left.
    pub fn set_role(&self, name: &str, role: Role, by: &str, as_role: Option<Role>) -> Result<()> {
        let by = named(by)?;
        let member = self.member(name)?;
        check_admits(as_role, role).and(check_admits(as_role, member.role))?;
        self.store.write(|book| {
            if role != Role::Owner {
                check_owner_left(book, &member)?;
            }
            book.put_role(&member.id, role)?;
            let body = json!({"name": member.name, "before": member.role, "now": role});
            book.record(draft("member_role_changed", by, &member.id, self.now(), body))
        })?;
        self.checkpoint().map(drop)
    }

    /// Lets a member in no more, from their next request on.
    ///
    /// # Errors
    /// When there is no such member, that role does not admit theirs, or no owner would be left.
    pub fn end_member(&self, name: &str, by: &str, as_role: Option<Role>) -> Result<()> {
        let by = named(by)?;
        let member = self.member(name)?;
        check_admits(as_role, member.role)?;
        self.store.write(|book| {
            check_owner_left(book, &member)?;
            book.end_member(&member.id, self.now())?;
            let body = json!({"name": member.name, "role": member.role});
            book.record(draft("member_ended", by, &member.id, self.now(), body))
        })?;
        self.checkpoint().map(drop)
    }

    fn add(&self, book: &Writing<'_>, name: &str, role: Role, by: &str) -> Result<Member> {
        let name = checked_name(name)?;
        let row = MemberRow {
            id: format!("mem_{}", hex(&random::<6>()?)),
            name: name.clone(),
            role,
            made_at: crate::store::scim::whole_micros(self.now()),
            ended_at: None,
        };
        let added = book.savepoint(|book| book.admit(&row, &fold(&name)));
        added.map_err(|e| match e.is_duplicate() {
            true => Error::input(format!("Somebody named `{name}` may sign in already."))
                .hint("Give namesakes names that tell them apart; the audit chain keeps them."),
            false => e,
        })?;
        let body = json!({"name": name, "role": role});
        book.record(draft("member_added", by, &row.id, row.made_at, body))?;
        Ok(row.into())
    }

    /// The hash under which a secret is stored.
    fn hashed(&self, secret: &str) -> String {
        hex(hmac::sign(&self.derived_key(PURPOSE), secret.as_bytes()).as_ref())
    }
}

/// The name with one space between its words, as far as it can be one.
fn checked_name(name: &str) -> Result<String> {
    let name: Vec<&str> = named(name)?.split_whitespace().collect();
    let name = name.join(" ");
    let shows = rollbook_core::explain::printable(&name) == name;
    // With a colon are those that are no people: `idp:okta`, `token:CI`.
    if name.chars().count() > NAME_MAX || !shows || name.contains(':') {
        return Err(Error::input("This cannot be the name of somebody who signs in.").hint(
            "Use up to 100 characters that can be read, such as `Kim Orlov`, and no colon.",
        ));
    }
    Ok(name)
}

fn check_admits(as_role: Option<Role>, role: Role) -> Result<()> {
    match as_role.is_none_or(|own| own.admits(role)) {
        true => Ok(()),
        false => Err(Error::refused(format!("Your role does not let you say who is {role}."))
            .hint("Ask an owner.")),
    }
}

/// A workspace that had an owner keeps one.
fn check_owner_left(book: &Writing<'_>, leaving: &Member) -> Result<()> {
    let rows = book.reading().member_rows()?;
    let mut owners = rows.iter().filter(|row| row.role == Role::Owner && row.ended_at.is_none());
    if leaving.role != Role::Owner || owners.any(|owner| owner.id != leaving.id) {
        return Ok(());
    }
    Err(Error::refused(format!("{} is the only owner.", leaving.name))
        .hint("Make somebody else an owner first."))
}

fn draft(kind: &str, actor: &str, subject: &str, at: Timestamp, body: Value) -> Draft {
    Draft {
        kind: kind.to_owned(),
        actor: actor.to_owned(),
        on_behalf_of: String::new(),
        subject: subject.to_owned(),
        concerns: BTreeSet::new(),
        at,
        body,
    }
}

fn base64url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes).map_err(|e| {
        Error::setup("The system gave no random bytes, so nobody can be let in.").because(e)
    })?;
    Ok(bytes)
}
