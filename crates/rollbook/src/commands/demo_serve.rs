//! `rollbook demo --serve`: the made-up company with its console open, for a browser or a program.
//!
//! First it says where it is and what opens it: the address, a token for each role, and the link of the
//! first owner.

use std::net::SocketAddr;
use std::path::Path;

use rollbook_core::role::Role;
use rollbook_engine::clock::Clock;
use rollbook_engine::progress::Quiet;
use rollbook_engine::secret::Secret;
use rollbook_engine::{Engine, Error, Presence, Result, asking};
use tracing::Level;

use super::demo::{APPROVER, COMPANY, REQUESTER, archive, configure, world};
use super::serve::limits;
use crate::exit::Exit;
use crate::screen::Screen;
use crate::serve::{self, Place, Settings, sign_in_url};
use crate::session::Session;

/// What opens the console.
struct Keys {
    tokens: Vec<(Role, Secret)>,
    first: Secret,
}

/// Serves until it is asked to end.
pub(super) fn run(session: &Session, dir: &Path, address: SocketAddr) -> Result<Exit> {
    let workspace = dir.join("workspace");
    let (world, _threads) = world(dir)?;
    Engine::init(&workspace, COMPANY)?;
    configure(&workspace, &world, &archive(&world))?;
    let engine = Engine::open_as(&workspace, Clock::System, Presence::Host, "demo")?;
    session.wait(engine.sync(&[], &Quiet))?;
    let keys = keys(&engine)?;
    // Something waits for whoever looks: the leaver's accounts are to be closed.
    let leaver = world.company.leaver().latest().number.to_string();
    engine.add_member(REQUESTER, Role::Operator, REQUESTER, None)?;
    engine.add_member(APPROVER, Role::Approver, REQUESTER, None)?;
    let leaver = asking::person(&engine.graph()?, &leaver)?;
    engine.plan_offboard(&leaver, None, REQUESTER)?;
    let settings = Settings { public_url: None, proxies: Vec::new(), limits: limits(20, 1_000) };
    let place = Place { address, tls: None };
    let screen = session.screen();
    serve::run(engine, place, settings, Level::WARN, |listening| begun(screen, listening, &keys))?;
    Ok(Exit::Ok)
}

fn keys(engine: &Engine) -> Result<Keys> {
    let token = |role: Role| {
        let name = format!("Demo {role}");
        Ok((role, engine.mint_api_token(&name, role, None, REQUESTER, None)?.secret))
    };
    let tokens = Role::ALL.into_iter().map(token).collect::<Result<_>>()?;
    let first = engine.invite_first_owner()?;
    let first = first.ok_or_else(|| Error::bug("A new workspace has an owner already."))?;
    Ok(Keys { tokens, first })
}

fn begun(screen: &Screen, listening: &str, keys: &Keys) {
    screen.line(format!("BASE_URL={listening}"));
    for (role, token) in &keys.tokens {
        screen.line(format!("TOKEN_{}={}", role.word().to_uppercase(), token.expose()));
    }
    screen.line(format!("LOGIN_URL={}", sign_in_url(listening, &keys.first)));
    screen.flush();
}
