//! Admin consoles of apps that have nothing else: real pages over real HTTP, for a browser.
//!
//! Four consoles after what is known of UXPin, Mosaic, Stitch and Stonly ([`Brand`]). They differ as
//! consoles do, and each can be used with a keyboard. Known are the members' page of each, UXPin's
//! "Remove from Team" with a confirmation and its three roles, and that Mosaic deactivates; all other
//! words are made up.
//!
//! # The pages
//!
//! `/login` has the fields that [`Brand`] names (Mosaic asks for the address first, then, after
//! "Continue", for the password), then `/login/code` where the robot has a secret for one-time codes,
//! which goes on by itself after the sixth digit.
//! A wrong password or code comes back with an element of role `alert`; five wrong passwords in a row
//! lock the account. After that one is at `/`; the members are at [`Brand::members_page`]. A session
//! that ended leads back to `/login?ended=1`.
//!
//! | | UXPin | Mosaic | Stitch | Stonly |
//! |---|---|---|---|---|
//! | sign-in | Email, Password, button "Log in" | Work email, "Continue", Password, "Sign in" | Email address, Password, "Sign in" | E-mail, Password, "Log in" |
//! | code | Verification code, "Verify" | One-time code, "Verify" | Authentication code, "Verify" | Security code, "Verify" |
//! | page | `/team` | `/settings/users` | `/account/team` with the frame "Team Members" | `/settings/team` |
//! | list | table "Team Members" | grid "Users" | table in the frame | table "Team" |
//! | columns | Name, Email, Role, Status, Last active, Actions | User, Work email, Permission, Status, Last login | Email address, Name, Access, Joined, (actions) | Person (name, below it the address), Status, Role, Manage |
//! | its own count | "128 members" | "Users (128)" | "Showing 1–25 of 128 team members" | "128 people in this team" |
//! | order | by name | by address | oldest first | newest first |
//! | more | buttons 1, 2, …, "Next", which is disabled at the end | button "Load more" until the end | link "Next" until the end | button "Next page", disabled at the end |
//! | take away | button "Actions for NAME", menu item "Remove from Team" | button NAME opens "User details": "Deactivate user" | button "Remove" | button "Remove" |
//! | confirmation | dialog "Remove from Team": "Remove", "Cancel" | `window.confirm` | dialog "Remove team member": "Yes, remove", link "Keep" | alertdialog "Remove this person?": "Yes, remove", "No, keep" |
//! | its text | "Remove NAME (EMAIL) from the team? Access ends at once." | "Deactivate NAME (EMAIL)? Their seat is released." | "EMAIL will lose access to this account." | "NAME, EMAIL, leaves the team. Their guides stay." |
//! | role | menu item "Change role", dialog with Role, "Save" | in the details "Change permission", dialog | link "Edit", dialog with Access, "Save" | button "Edit role of NAME", dialog with Role, "Save" |
//! | invite | "Invite Members": Email, Name, Role, "Send invitation" | "Add user": …, "Add" | form below the list, "Send" | "Invite a member": …, "Invite" |
//! | besides | cookie banner | pop-up "What's new in Mosaic", link "Export CSV" | cookie banner | cookie banner, pop-up |
//!
//! Rows come late (the list has `aria-busy` until then), a message of role `status` says what was
//! done before the list shows it, and troubles are told in an element of role `alert`.
//!
//! `?v=2` on any page, or [`Console::redesign`] for everybody, shows another layout: other words, columns
//! and order, a grid for UXPin and Stitch (without the frame), a table for Mosaic and Stonly.
//!
//! # Faults
//!
//! They are the same data as elsewhere ([`Fault`]). The list is `GET /members`, the question before
//! something is done `GET /members/ask`, the deed `POST /members/act`, the file `GET /members.csv`.
//!
//! ```
//! use rollbook_testkit::console::{Brand, Console};
//! use rollbook_testkit::{Fault, Twist};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let console = Console::start(Brand::Uxpin).await?;
//! let ana = console.seed("Ana Diaz", "ana@example.com", "Editor");
//! console.fault(Fault::on("GET", "/members/ask", Twist::NoDialog).times(1));
//! // … a browser at console.url() with console.robot() does its work …
//! assert!(console.member(ana).is_some() && console.ledger().effects().is_empty());
//! # Ok::<(), std::io::Error>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod asked;
mod brand;
mod gate;
mod member;
mod page;
mod site;
mod team;
pub mod totp;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{ConnectInfo, Request as Incoming, State as Shares};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::{Router, serve};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::fault::{Fault, Schedule};
use crate::ledger::{Cause, Ledger};
use crate::outgoing::{self, Media, Outgoing};
use crate::query::decoded;
use crate::scim_vendor::Asked;
use crate::wire::{Hold, Wires};
use asked::Request;
use gate::Gate;
use site::Site;
use team::{Deed, Team};

pub use brand::{Brand, Design};
pub use gate::Robot;
pub use member::{Member, MemberState};

/// The largest request body that is read, in bytes.
const BODY_MAX: usize = 1024 * 1024;

/// What a console is made of.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The port; 0 takes a free one.
    pub port: u16,
    /// Members on one page of the list, at least 1.
    pub page_size: usize,
    /// How late the rows come, in milliseconds.
    pub late_ms: u64,
    /// The ledger that effects are entered in.
    pub ledger: Ledger,
    /// The account that it is made for; it is a member with the highest role.
    pub robot: Robot,
}

impl Default for Setup {
    fn default() -> Self {
        let robot = Robot {
            login: "rollbook@haldenroos.example".to_owned(),
            password: "cow-parsley-at-the-gate-9".to_owned(),
            totp: None,
        };
        Self { port: 0, page_size: 25, late_ms: 30, ledger: Ledger::default(), robot }
    }
}

/// A running console. It ends with this value.
#[derive(Debug)]
pub struct Console {
    shared: Arc<Shared>,
    url: String,
    _stop: oneshot::Sender<()>,
}

#[derive(Debug)]
struct Shared {
    site: Mutex<Site>,
    schedule: Mutex<Schedule>,
    asked: Mutex<Vec<Asked>>,
    ledger: Ledger,
    late: Duration,
}

impl Console {
    /// Starts a console on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(brand: Brand) -> io::Result<Self> {
        Self::start_with(brand, Setup::default()).await
    }

    /// Starts a console made to measure.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn start_with(brand: Brand, setup: Setup) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", setup.port)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let mut team = Team::new(brand, setup.page_size.max(1));
        let highest = brand.roles().last().expect("every brand has roles");
        team.add("Rollbook", &setup.robot.login, highest, MemberState::Active);
        let site = Site { team, gate: Gate::new(setup.robot), design: Design::Old };
        let shared = Arc::new(Shared {
            site: Mutex::new(site),
            schedule: Mutex::default(),
            asked: Mutex::default(),
            ledger: setup.ledger,
            late: Duration::from_millis(setup.late_ms),
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let router = Router::new().fallback(receive).with_state(shared.clone());
        let router = router.into_make_service_with_connect_info::<Hold>();
        tokio::spawn(async move {
            let until = async { drop(stopped.await) };
            // Axum's server only ends when it is told to.
            drop(serve(Wires(listener), router).with_graceful_shutdown(until).await);
        });
        Ok(Self { shared, url, _stop: stop })
    }

    /// Where it is, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whose it is.
    pub fn brand(&self) -> Brand {
        self.site().team.brand
    }

    /// What to sign in with.
    pub fn robot(&self) -> Robot {
        self.site().gate.robot.clone()
    }

    /// Changes what is let in, as when somebody changed the password or made a new secret. Sessions
    /// stay.
    pub fn let_in(&self, robot: Robot) {
        self.site().gate.robot = robot;
    }

    /// Takes in a member who can sign in; gives the number that the ledger calls them by.
    pub fn seed(&self, name: &str, email: &str, role: &str) -> u64 {
        self.site().team.add(name, email, role, MemberState::Active)
    }

    /// Sets whether a member can get in, as if it had always been so.
    pub fn set_state(&self, id: u64, state: MemberState) {
        let mut site = self.site();
        let found = site.team.members.iter_mut().find(|it| it.id == id);
        found.expect("the member was seeded").state = state;
    }

    /// Forgets all members but the robot.
    pub fn clear(&self) {
        self.site().team.clear();
    }

    /// Somebody takes the member with this address away by hand; it is no effect of a client's, so it
    /// is not in the ledger. `false`: there is nobody with it.
    pub fn take_away_by_hand(&self, email: &str) -> bool {
        let mut site = self.site();
        let design = site.design;
        let Some(member) = site.team.members.iter().find(|it| it.email == email) else {
            return false;
        };
        let ids = vec![member.id];
        site.team.act(&Deed { what: "remove", ids, role: "", email: "", name: "" }, design).is_ok()
    }

    /// Everybody, in the order in which they came.
    pub fn members(&self) -> Vec<Member> {
        self.site().team.members.clone()
    }

    /// A member as they are now.
    pub fn member(&self, id: u64) -> Option<Member> {
        self.site().team.members.iter().find(|it| it.id == id).cloned()
    }

    /// Gives all pages a design, for everybody.
    pub fn redesign(&self, design: Design) {
        self.site().design = design;
    }

    /// Ends all sessions.
    pub fn end_sessions(&self) {
        self.site().gate.end_all();
    }

    /// Every session token that was ever given out.
    pub fn sessions_made(&self) -> Vec<String> {
        self.site().gate.made().to_vec()
    }

    /// How many passwords and codes were wrong.
    pub fn wrong_sign_ins(&self) -> usize {
        self.site().gate.wrong()
    }

    /// Adds a fault. Of several that are due, the first added wins.
    pub fn fault(&self, fault: Fault) {
        lock(&self.shared.schedule).push(fault);
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) {
        lock(&self.shared.schedule).clear();
    }

    /// Sentences about faults that fired less often than they must; empty at the end of a test.
    pub fn unfired(&self) -> Vec<String> {
        lock(&self.shared.schedule).unfired()
    }

    /// What changed here; a subject is a member's number.
    pub fn ledger(&self) -> &Ledger {
        &self.shared.ledger
    }

    /// Every request so far.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.shared.asked).clone()
    }

    fn site(&self) -> MutexGuard<'_, Site> {
        lock(&self.shared.site)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn receive(
    Shares(shared): Shares<Arc<Shared>>,
    ConnectInfo(hold): ConnectInfo<Hold>,
    request: Incoming,
) -> Response {
    let (parts, body) = request.into_parts();
    let target = parts.uri.to_string();
    let method = parts.method.to_string();
    let body = to_bytes(body, BODY_MAX).await.unwrap_or_default().to_vec();
    let out = shared.answer(&method, &target, &parts.headers, &body);
    lock(&shared.asked).push(Asked { method, target, status: out.status });
    out.send(&hold).await
}

impl Shared {
    fn answer(&self, method: &str, target: &str, headers: &HeaderMap, body: &[u8]) -> Outgoing {
        let request = Request::read(method, target, headers, body);
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let twist = lock(&self.schedule).next(method, &request.path, &decoded(query, true));
        if let Some(out) = twist.as_ref().and_then(|it| outgoing::instead(it, "/", Media::Page)) {
            return out;
        }
        let answer = lock(&self.site).answer(&request, twist.as_ref());
        let cause = Cause { method, path: &request.path, body, op_id: None };
        for effect in answer.done {
            self.ledger.enter(&cause, &effect.subject, effect.what);
        }
        let mut out = outgoing::twisted(answer.out, twist.as_ref(), Media::Page);
        if (method, request.path.as_str()) == ("GET", "/members") && out.delay.is_zero() {
            out.delay = self.late;
        }
        out
    }
}
