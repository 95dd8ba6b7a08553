//! A console, a browser channel to it, and what must hold after whatever happened between the two.

use std::time::Duration;

use rollbook_catalog::browser::Browser;
use rollbook_catalog::{App, Catalog};
use rollbook_core::account::State;
use rollbook_core::canonical::fold;
use rollbook_core::change::{Change, Op, Route};
use rollbook_core::step::{Outcome, Seen};
use rollbook_engine::channel::browser::{BrowserChannel, BrowserSettings};
use rollbook_engine::secret::Secret;
use rollbook_testkit::console::{Brand, Console, Member, MemberState, Robot, Setup};

use crate::changes;

/// How long a step may take: long enough for a busy machine, short enough to wait for what never
/// comes.
pub(crate) const STEP_WITHIN: Duration = Duration::from_secs(3);

/// How an app's pages are driven, as its file says.
pub(crate) fn recipe(brand: Brand) -> Browser {
    let app = Catalog::embedded().app(brand.app()).expect("it is in apps/");
    app.browser.clone().expect("its file has a browser route")
}

/// The same for the new design, as somebody would write it who saw it.
pub(crate) fn new_recipe(brand: Brand) -> Browser {
    let remove = if brand.only_deactivates() { "suspend" } else { "remove" };
    let (lines, paging) = match brand {
        Brand::Uxpin | Brand::Stitch => (
            "email = { column = \"Person\", line = 1 }, display_name = { column = \"Person\", line = 2 }",
            "more",
        ),
        Brand::Mosaic | Brand::Stonly => ("email = \"Contact\", display_name = \"Person\"", "next"),
    };
    let (button, title, says) = match brand {
        Brand::Mosaic => {
            ("Archive", "Archive person", "{display_name} ({email}) goes to the archive.")
        }
        Brand::Stitch => ("Revoke", "Revoke access", "Access of {email} ends now."),
        Brand::Uxpin | Brand::Stonly => {
            ("Delete", "Delete person", "Do you want to delete {email} ({display_name}) for good?")
        }
    };
    let role = if brand == Brand::Stonly { "alertdialog" } else { "dialog" };
    let (code, page) = ("Six digits", brand.members_page());
    let first = if brand == Brand::Mosaic { "{ click = 'button \"Continue\"' }," } else { "" };
    let popup = news_of(brand);
    let app = brand.app();
    let text = format!(
        r#"
[app]
id = "{app}"
name = "{app}"
category = "test"
website = "https://example.com"
checked_on = "2026-11-21"

[browser]
can = ["observe", "{remove}"]
basis = "recalled"
base_url = "https://{app}.example"
popups = [{popup} {{ at = 'region "Cookies"', close = 'button "Only necessary"' }}]

[browser.members]
count = "Total: {{count}}"
{paging} = 'button "Show more"'
columns = {{ {lines}, role = "Access level", state = "Condition" }}
state = [
  {{ is = ["Active"], means = "active" }},
  {{ is = ["Invited"], means = "invited" }},
  {{ is = ["Deactivated"], means = "suspended" }},
]

[browser.steps]
sign_in = [
  {{ go = "/login" }},
  {{ fill = 'textbox "Your e-mail"', with = "{{user}}" }},
  {first}
  {{ fill = 'label "Your password"', with = "{{password}}" }},
  {{ click = 'button "Continue to workspace"' }},
  {{ code = 'textbox "{code}"' }},
  {{ wait = 'link "Leave"' }},
]
members = [{{ go = "{page}" }}, {{ read = 'table "People"' }}]
{remove} = [
  {{ click = 'button "{button}"', in_row = true }},
  {{ confirm = '{role} "{title}"', says = "{title} {says}", click = 'button "{button}"', cancel = 'button "Go back"' }},
]
"#
    );
    let parsed = App::parse(&format!("apps/{app}.toml"), &text);
    parsed.expect("it is well formed").browser.expect("it has a browser route")
}

/// What closes the news that a console shows over its list.
fn news_of(brand: Brand) -> String {
    match brand {
        Brand::Mosaic | Brand::Stonly => {
            let name = if brand == Brand::Mosaic { "Mosaic" } else { "Stonly" };
            format!(
                "{{ at = \"dialog \\\"What's new in {name}\\\"\", close = 'button \"Got it\"' }},"
            )
        }
        Brand::Uxpin | Brand::Stitch => String::new(),
    }
}

/// A console whose list has pages of five, and whose rows come at once.
pub(crate) async fn console(brand: Brand) -> Console {
    let setup = Setup { page_size: 5, late_ms: 0, ..Setup::default() };
    Console::start_with(brand, setup).await.expect("a free port")
}

/// What a channel to `console` goes by.
pub(crate) fn settings(console: &Console, app: Browser) -> BrowserSettings {
    let Robot { login, password, totp } = console.robot();
    BrowserSettings {
        instance: "acme".into(),
        app,
        settings: Default::default(),
        base_url: Some(console.url().to_owned()),
        origins: Vec::new(),
        user: login,
        password: Secret::new(password),
        totp: totp.map(Secret::new),
        session: None,
        allow_private: true,
        verified_domains: Vec::new(),
        deadline: STEP_WITHIN,
        webdriver: None,
        shape: Vec::new(),
        known: Vec::new(),
    }
}

/// A channel to `console` by its app's file.
pub(crate) fn channel(console: &Console) -> BrowserChannel {
    let settings = settings(console, recipe(console.brand()));
    BrowserChannel::new(settings).expect("the address may be reached")
}

/// What takes `member` away: out of the team, or out of their seat where that is all there is.
pub(crate) fn removal(console: &Console, member: &Member) -> Change {
    let op = if console.brand().only_deactivates() { Op::Suspend } else { Op::Remove };
    change(op, member)
}

/// A change to `member` as a plan would hold it.
pub(crate) fn change(op: Op, member: &Member) -> Change {
    let state = match member.state {
        MemberState::Active => State::Active,
        MemberState::Invited => State::Invited,
        MemberState::Deactivated => State::Suspended,
    };
    let change = changes::change(op, &fold(&member.email), &member.email, state);
    let route = Route { channel: "browser".into(), ..change.route };
    Change { route, ..change }.identified()
}

/// A console at one moment.
pub(crate) struct Before {
    members: Vec<Member>,
    effects: usize,
}

impl Before {
    pub(crate) fn of(console: &Console) -> Self {
        Self { members: console.members(), effects: console.ledger().effects().len() }
    }

    /// Holds what was told of taking `target` away against what really happened: at most one effect,
    /// none on anybody else, nothing called done that is not, nothing called undone that is.
    pub(crate) fn judge(
        &self,
        console: &Console,
        target: u64,
        outcome: &Outcome,
        seen: &Seen,
        when: &str,
    ) {
        let effects = console.ledger().effects().split_off(self.effects);
        let told = format!("{when}: {outcome:?}, then {seen:?}; effects {effects:?}");
        assert!(effects.iter().all(|it| it.subject == target.to_string()), "{told}");
        assert!(effects.len() <= 1, "{told}");
        for other in self.members.iter().filter(|it| it.id != target) {
            assert_eq!(console.member(other.id).as_ref(), Some(other), "{told}");
        }
        match outcome {
            Outcome::Done { .. } => assert_eq!(effects.len(), 1, "{told}"),
            Outcome::Uncertain { .. } => {}
            _ => assert_eq!(effects.len(), 0, "{told}"),
        }
        let is_in = console.member(target).is_some_and(|it| it.state != MemberState::Deactivated);
        match seen {
            Seen::Absent => assert!(!is_in, "{told}"),
            Seen::Present { account } => {
                assert_eq!(account.state != State::Suspended, is_in, "{told}");
            }
            _ => {}
        }
    }
}
