//! Signing in: a link that works once opens a session, and a session is a secret that is turned.
//!
//! Whoever looks at a link (a mail scanner, a preview) does not use it up; only [`Engine::sign_in`]
//! does. A session ends twelve hours after it began, or eight after it was last used.

use jiff::{SignedDuration, Timestamp};
use rollbook_core::id::hex;
use rollbook_core::role::Role;
use serde_json::json;

use super::{Member, base64url, check_admits, draft, random};
use crate::engine::Engine;
use crate::error::Result;
use crate::reconcile::named;
use crate::secret::Secret;
use crate::store::members::{LinkRow, MemberRow, SessionRow};

/// How long a sign-in link works.
const LINK: SignedDuration = SignedDuration::from_hours(24);
/// How long a session lasts at most.
const LIFE: SignedDuration = SignedDuration::from_hours(12);
/// How long a session may rest.
const REST: SignedDuration = SignedDuration::from_hours(8);
/// How long a session keeps one secret.
const TURN: SignedDuration = SignedDuration::from_hours(1);
/// How long the secret before is still good.
const OLD: SignedDuration = SignedDuration::from_secs(60);
/// How often the use of a session is written down.
const NOTED: SignedDuration = SignedDuration::from_secs(60);
/// How long after signing in somebody may approve.
const FRESH: SignedDuration = SignedDuration::from_mins(30);

/// Whom a link lets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invited {
    /// Nobody is an owner yet, and whoever follows it becomes one.
    FirstOwner,
    /// This member.
    Member(Member),
}

/// A session that was opened just now.
#[derive(Debug)]
pub struct Opened {
    /// Whose.
    pub member: Member,
    /// What the browser presents. It is not kept.
    pub secret: Secret,
}

/// Who presents a good session.
#[derive(Debug)]
pub struct Signed {
    /// Who.
    pub member: Member,
    /// The session's id, which is no secret.
    pub session: String,
    /// When they signed in.
    pub began_at: Timestamp,
    /// The secret to present from now on, where it was turned.
    pub turned: Option<Secret>,
}

impl Signed {
    /// Whether they signed in so lately that they may approve.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now < self.began_at + FRESH
    }
}

impl Engine {
    /// The secret of a link by which the first owner signs in; `None` where there is an owner. The
    /// links of earlier calls work no more.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn invite_first_owner(&self) -> Result<Option<Secret>> {
        let has_owner = |member: &Member| member.role == Role::Owner && member.ended_at.is_none();
        if self.members()?.iter().any(has_owner) {
            return Ok(None);
        }
        let secret = base64url(&random::<32>()?);
        let link = LinkRow { member: None, expires: self.now() + LINK };
        self.store.write(|book| book.put_sign_in_link(&self.hashed(&secret), &link))?;
        Ok(Some(Secret::new(secret)))
    }

    /// The secret of a link by which a member signs in, once. An earlier one works no more. `as_role`
    /// is the role of whoever makes it; `None`: somebody at the machine itself.
    ///
    /// # Errors
    /// When there is no such member, or that role does not admit theirs: whoever holds the link is
    /// that member.
    pub fn invite(&self, name: &str, by: &str, as_role: Option<Role>) -> Result<Secret> {
        let by = named(by)?;
        let member = self.member(name)?;
        check_admits(as_role, member.role)?;
        let secret = base64url(&random::<32>()?);
        let (now, id) = (self.now(), member.id);
        let link = LinkRow { member: Some(id.clone()), expires: now + LINK };
        self.store.write(|book| {
            book.put_sign_in_link(&self.hashed(&secret), &link)?;
            book.record(draft("sign_in_link_made", by, &id, now, json!({"name": member.name})))
        })?;
        self.checkpoint()?;
        Ok(Secret::new(secret))
    }

    /// Whom a link would let in, without using it up; `None` where it is no good.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn invited(&self, secret: &str) -> Result<Option<Invited>> {
        let link = self.store.read(|book| {
            let link = book.sign_in_link(&self.hashed(secret))?;
            let Some(link) = link.filter(|link| self.now() < link.expires) else { return Ok(None) };
            let Some(id) = link.member else { return Ok(Some(None)) };
            Ok(book.member_row(&id)?.filter(|row| row.ended_at.is_none()).map(Some))
        })?;
        Ok(link.map(|row| match row {
            None => Invited::FirstOwner,
            Some(row) => Invited::Member(row.into()),
        }))
    }

    /// Uses a link up and opens a session. `name` is that of the first owner, and counts for nobody
    /// else. `None` where the link is no good.
    ///
    /// # Errors
    /// When the first owner gives no name, or the database refuses; then the link still works.
    pub fn sign_in(&self, secret: &str, name: &str) -> Result<Option<Opened>> {
        let Some(invited) = self.invited(secret)? else { return Ok(None) };
        let now = crate::store::scim::whole_micros(self.now());
        let fresh = base64url(&random::<32>()?);
        let session = format!("ses_{}", hex(&random::<6>()?));
        let opened = self.store.write(|book| {
            if !book.use_sign_in_link(&self.hashed(secret))? {
                return Ok(None);
            }
            let member = match invited {
                Invited::Member(member) => member,
                Invited::FirstOwner => self.add(book, name, Role::Owner, name)?,
            };
            book.tidy_sessions(now - LIFE, now - REST)?;
            book.add_session(&SessionRow {
                id: session.clone(),
                member: member.id.clone(),
                hash: self.hashed(&fresh),
                began_at: now,
                seen_at: now,
                turned_at: now,
            })?;
            let body = json!({"session": session, "role": member.role});
            book.record(draft("signed_in", &member.name, &member.id, now, body))?;
            Ok(Some(member))
        })?;
        self.checkpoint()?;
        Ok(opened.map(|member| Opened { member, secret: Secret::new(fresh) }))
    }

    /// Who presents `secret`; `None` where no session has it, or it has ended.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn session(&self, secret: &str) -> Result<Option<Signed>> {
        let (hash, now) = (self.hashed(secret), self.now());
        let Some((row, member)) = self.live_session(&hash, now)? else { return Ok(None) };
        let turned = if row.hash == hash { self.turn(&row, now)? } else { None };
        let (session, began_at) = (row.id, row.began_at);
        Ok(Some(Signed { member: member.into(), session, began_at, turned }))
    }

    /// Whether a session has this secret. It is not turned by that.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn has_session(&self, secret: &str) -> Result<bool> {
        Ok(self.live_session(&self.hashed(secret), self.now())?.is_some())
    }

    /// The session whose secret has this hash and whose it is, as long as it lasts.
    fn live_session(&self, hash: &str, now: Timestamp) -> Result<Option<(SessionRow, MemberRow)>> {
        let found = self.store.read(|book| {
            let Some(row) = book.session_row(hash)? else { return Ok(None) };
            let member = book.member_row(&row.member)?.filter(|member| member.ended_at.is_none());
            Ok(member.map(|member| (row, member)))
        })?;
        Ok(found.filter(|(row, _)| {
            let is_old = row.hash != hash && now >= row.turned_at + OLD;
            now < row.began_at + LIFE && now < row.seen_at + REST && !is_old
        }))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn sign_out(&self, signed: &Signed) -> Result<()> {
        let (member, now) = (&signed.member, self.now());
        self.store.write(|book| {
            book.end_session(&signed.session)?;
            let body = json!({"session": signed.session});
            book.record(draft("signed_out", &member.name, &member.id, now, body))
        })?;
        self.checkpoint().map(drop)
    }

    /// A text that only this session and this workspace can make, for forms.
    pub fn form_token(&self, session: &str) -> String {
        self.hashed(&format!("form of {session}"))[..32].to_owned()
    }

    /// Turns a session's secret where it is time, and notes that it was used.
    fn turn(&self, row: &SessionRow, now: Timestamp) -> Result<Option<Secret>> {
        if now < row.turned_at + TURN {
            if now >= row.seen_at + NOTED {
                self.store.write(|book| book.touch_session(&row.id, now))?;
            }
            return Ok(None);
        }
        let fresh = base64url(&random::<32>()?);
        let hash = self.hashed(&fresh);
        let is_turned = self.store.write(|book| book.turn_session(row, &hash, now))?;
        Ok(is_turned.then(|| Secret::new(fresh)))
    }
}
