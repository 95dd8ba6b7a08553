//! `rollbook token`: what identity providers and assistants identify themselves with.

use jiff::Timestamp;
use jiff::civil::Date;
use rollbook_core::role::Role;
use rollbook_engine::config::Config;
use rollbook_engine::member::ApiToken;
use rollbook_engine::push::{MCP, Minted, Minting, Token};
use rollbook_engine::{Engine, Error, Result};
use rollbook_scim::server::Profile;
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::screen::{Cell, Tone};
use crate::serve::base_url;
use crate::session::Session;

/// Make, list, rotate and revoke the tokens of identity providers and assistants
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rollbook token create slack --idp okta --profile okta-oin --by 'Kim Jansen'
  rollbook token create all --idp entra --profile entra --expires 2027-11-21
  rollbook token create /mcp --idp assistant --as 'Kim Jansen'
  rollbook token list
  rollbook token rotate 7f3a91c2
  rollbook token revoke 7f3a91c2

A token is for one identity provider and one address: an instance's name, or `all`. One for /mcp is
for an assistant, which asks and proposes in somebody's name and approves nothing. It is shown once; the book keeps only what is needed to know it again. To rotate, make the second one, put it
into the identity provider, then revoke the first: both work in between.")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Make a token and show it once
    Create(Create),
    /// What tokens there are, and when they were last used
    List(List),
    /// Make the second token beside the one with this id
    Rotate(Rotate),
    /// End a token at once
    Revoke(Revoke),
    /// Make a token for a program that uses the API
    Issue(Issue),
}

#[derive(Debug, clap::Args)]
struct Issue {
    /// What it is for, as you call it
    name: String,
    /// Whose rights it has, as far as programs have them: it reads and proposes, and never approves
    #[arg(long, value_name = "ROLE")]
    role: Role,
    /// Until the end of which day it works
    #[arg(long, value_name = "DATE")]
    expires: Option<Date>,
}

#[derive(Debug, clap::Args)]
struct Create {
    /// An instance's name, `all`, or `/mcp` for an assistant
    endpoint: String,
    /// In whose name an assistant asks and proposes; only for /mcp
    #[arg(long = "as", value_name = "NAME", default_value = "", hide_default_value = true)]
    acts_for: String,
    /// The identity provider's name, or the assistant's, as you call it
    #[arg(long, value_name = "NAME")]
    idp: String,
    /// How it speaks SCIM: auto, strict, entra, entra-aadOptscim062020, okta-oin, okta-aiw,
    /// onelogin, google, jumpcloud or ping
    #[arg(long, value_name = "PROFILE", default_value = "auto", value_parser = profile)]
    profile: Profile,
    /// It may read and change nothing
    #[arg(long)]
    read_only: bool,
    /// Until the end of which day it works
    #[arg(long, value_name = "DATE")]
    expires: Option<Date>,
    #[command(flatten)]
    public: Public,
}

#[derive(Debug, clap::Args)]
struct List {
    /// Those that were revoked too
    #[arg(long)]
    all: bool,
}

#[derive(Debug, clap::Args)]
struct Rotate {
    /// The token's id
    id: String,
    #[command(flatten)]
    public: Public,
}

#[derive(Debug, clap::Args)]
struct Revoke {
    /// The token's id
    id: String,
}

#[derive(Debug, clap::Args)]
struct Public {
    /// The address by which identity providers reach the server; left out: [serve] public_url
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
}

fn profile(text: &str) -> std::result::Result<Profile, String> {
    text.parse().map_err(|_| {
        "write auto, strict, entra, entra-aadOptscim062020, okta-oin, okta-aiw, onelogin, google, \
         jumpcloud or ping"
            .to_owned()
    })
}

/// Does it.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    match &args.what {
        What::Create(create) => {
            let engine = session.open_beside()?;
            let minted = engine.mint_token(minting(&engine, session.by()?, create)?)?;
            show_once(session, engine.config(), &create.public, &minted);
        }
        What::List(list) => show_all(session, &session.open_beside()?, list.all)?,
        What::Rotate(rotate) => {
            let engine = session.open_beside()?;
            let minted = engine.rotate_token(&rotate.id, &session.by()?)?;
            show_once(session, engine.config(), &rotate.public, &minted);
        }
        What::Issue(wanted) => issue(session, &session.open_beside()?, wanted)?,
        What::Revoke(revoke) => {
            let engine = session.open_beside()?;
            match engine.api_tokens()?.iter().any(|token| token.id == revoke.id) {
                true => engine.revoke_api_token(&revoke.id, &session.by()?)?,
                false => engine.revoke_token(&revoke.id, &session.by()?)?,
            }
            let screen = session.screen();
            if screen.is_json() {
                screen.json(&json!({ "revoked": revoke.id }));
            } else {
                let said =
                    format!("Token {} is revoked. Servers refuse it within seconds.", revoke.id);
                screen.toned(Tone::Good, said);
            }
        }
    }
    Ok(Exit::Ok)
}

fn minting(engine: &Engine, by: String, create: &Create) -> Result<Minting> {
    let expires = create.expires.map(|day| end_of(engine.config(), day)).transpose()?;
    Ok(Minting {
        endpoint: create.endpoint.clone(),
        idp: create.idp.clone(),
        profile: create.profile,
        may_write: !create.read_only,
        acts_for: create.acts_for.clone(),
        expires,
        by,
    })
}

/// The moment at which `day` is over where the company is.
fn end_of(config: &Config, day: Date) -> Result<Timestamp> {
    let next = day.tomorrow().ok().and_then(|next| config.workspace.end_of(next));
    next.map(|end| end.timestamp())
        .ok_or_else(|| Error::input(format!("A token cannot end on {day}.")))
}

/// Shows the secret, the only time that anybody sees it.
fn show_once(session: &Session, config: &Config, public: &Public, minted: &Minted) {
    let (screen, token) = (session.screen(), &minted.token);
    let origin = public.public_url.as_deref().or(config.serve.public_url.as_deref());
    let base = origin.map(|origin| address(origin.trim_end_matches('/'), &token.endpoint));
    if screen.is_json() {
        let mut line = line_of(token);
        line["base_url"] = json!(base);
        line["token"] = json!(minted.secret.expose());
        screen.json(&line);
        return;
    }
    let what = match (token.may_write, token.acts_for.as_str()) {
        (true, "") => "may read and write".to_owned(),
        (true, name) => format!("may read, and propose as {name},"),
        (false, _) => "may only read".to_owned(),
    };
    screen.toned(
        Tone::Good,
        format!("Token {} is made: {} {what} at {}.", token.id, token.idp, token.endpoint),
    );
    screen.line("");
    match &base {
        Some(base) => screen.line(format!("Base URL  {base}")),
        None => screen.line(format!(
            "Base URL  https://YOUR-SERVER{} (set [serve] public_url to have it here)",
            address("", &token.endpoint)
        )),
    }
    screen.line(format!("Token     {}", minted.secret.expose()));
    screen.line("");
    screen.line(match token.endpoint == MCP {
        true => "It is not shown again. Put it into the assistant's settings now.",
        false => "It is not shown again. Put it into the identity provider now.",
    });
}

/// The address below `origin` at which a token for `endpoint` is good.
fn address(origin: &str, endpoint: &str) -> String {
    if endpoint == MCP { format!("{origin}{MCP}") } else { base_url(origin, endpoint) }
}

/// Makes a token for a program and shows its secret, the only time that anybody sees it.
fn issue(session: &Session, engine: &Engine, wanted: &Issue) -> Result<()> {
    let expires = wanted.expires.map(|day| end_of(engine.config(), day)).transpose()?;
    let minted = engine.mint_api_token(&wanted.name, wanted.role, expires, &session.by()?, None)?;
    let (screen, token) = (session.screen(), &minted.token);
    if screen.is_json() {
        let mut line = line_of_program(token);
        line["token"] = json!(minted.secret.expose());
        screen.json(&line);
        return Ok(());
    }
    let said = format!("Token {} is made: {} as {}.", token.id, token.name, token.role);
    screen.toned(Tone::Good, said);
    screen.line("");
    screen.line(format!("Token     {}", minted.secret.expose()));
    screen.line("");
    screen.line("It is not shown again. It reads and proposes; only people approve.");
    Ok(())
}

fn line_of_program(token: &ApiToken) -> Value {
    json!({
        "id": token.id, "program": token.name, "role": token.role, "made_at": token.made_at,
        "made_by": token.made_by, "expires": token.expires, "used_at": token.used_at,
        "revoked_at": token.revoked_at,
    })
}

fn show_all(session: &Session, engine: &Engine, with_revoked: bool) -> Result<()> {
    let (tokens, programs) = (engine.tokens()?, engine.api_tokens()?);
    let programs = programs.iter();
    let shown = tokens.iter().filter(|token| with_revoked || token.revoked_at.is_none());
    let (screen, now) = (session.screen(), engine.now());
    if screen.is_json() {
        shown.for_each(|token| screen.json(&line_of(token)));
        let programs = programs.filter(|token| with_revoked || token.revoked_at.is_none());
        programs.for_each(|token| screen.json(&line_of_program(token)));
        return Ok(());
    }
    let rows: Vec<Vec<Cell>> = shown.map(|token| row_of(token, now)).collect();
    let programs = programs.filter(|token| with_revoked || token.revoked_at.is_none());
    let programs: Vec<Vec<Cell>> = programs.map(|token| row_of_program(token, now)).collect();
    if rows.is_empty() && programs.is_empty() {
        screen.line("There are no tokens. Make one with `rollbook token create`.");
        return Ok(());
    }
    if !rows.is_empty() {
        let head = ["Token", "For", "Identity provider", "Profile", "May", "Used", "State"];
        screen.table(&head, rows);
    }
    if !programs.is_empty() {
        screen.table(&["Token", "Program", "Role", "Used", "State"], programs);
    }
    Ok(())
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

fn state(revoked_at: Option<Timestamp>, expires: Option<Timestamp>, now: Timestamp) -> Cell {
    match (revoked_at, expires) {
        (Some(at), _) => Cell::toned(format!("revoked {}", minute(at)), Tone::Dim),
        (None, Some(end)) if end <= now => Cell::toned("expired", Tone::Bad),
        (None, Some(end)) => format!("until {}", minute(end)).into(),
        (None, None) => "no end".into(),
    }
}

fn row_of_program(token: &ApiToken, now: Timestamp) -> Vec<Cell> {
    vec![
        token.id.as_str().into(),
        token.name.as_str().into(),
        token.role.word().into(),
        token.used_at.map_or_else(|| "never".to_owned(), minute).into(),
        state(token.revoked_at, token.expires, now),
    ]
}

fn row_of(token: &Token, now: Timestamp) -> Vec<Cell> {
    let state = state(token.revoked_at, token.expires, now);
    vec![
        token.id.as_str().into(),
        token.endpoint.as_str().into(),
        token.idp.as_str().into(),
        token.profile.word().into(),
        match (token.may_write, token.acts_for.as_str()) {
            (true, "") => "write".into(),
            (true, name) => format!("propose as {name}").into(),
            (false, _) => "read".into(),
        },
        token.used_at.map_or_else(|| "never".to_owned(), minute).into(),
        state,
    ]
}

fn line_of(token: &Token) -> Value {
    json!({
        "id": token.id,
        "endpoint": token.endpoint,
        "idp": token.idp,
        "profile": token.profile.word(),
        "may_write": token.may_write,
        "acts_for": token.acts_for,
        "made_at": token.made_at,
        "made_by": token.made_by,
        "expires": token.expires,
        "used_at": token.used_at,
        "revoked_at": token.revoked_at,
    })
}
