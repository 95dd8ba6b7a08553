//! What makes one console another than the next: its words, its order, its ways.

use serde::Serialize;

use super::member::Member;

/// Whose console it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Brand {
    /// A table on numbered pages, a menu in each row, a dialog in the page.
    Uxpin,
    /// A grid that grows by "Load more", a panel at the side, a dialog of the browser, an export.
    Mosaic,
    /// Pages from the server in a frame, and a dialog that is one of them.
    Stitch,
    /// A table with name and address in one cell, "Next page", an alert in the page.
    Stonly,
}

/// Which look all pages have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Design {
    /// As the app files know it.
    #[default]
    Old,
    /// Another layout, other words, another order: what `?v=2` shows.
    New,
}

/// What the pages of one design call things.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Words {
    pub(super) enter: &'static str,
    pub(super) leave: &'static str,
    pub(super) login: &'static str,
    pub(super) password: &'static str,
    pub(super) code: &'static str,
    pub(super) page: &'static str,
    pub(super) name: &'static str,
    pub(super) email: &'static str,
    pub(super) role: &'static str,
    pub(super) invite: &'static str,
    pub(super) send: &'static str,
    pub(super) change: &'static str,
    pub(super) remove: &'static str,
    pub(super) restore: &'static str,
    /// The button for more of the list.
    #[serde(skip)]
    pub(super) more: &'static str,
    /// What asks for confirmation; `{name}` and `{email}` are filled in.
    #[serde(skip)]
    pub(super) confirm: [&'static str; 4],
    /// What is said afterwards.
    #[serde(skip)]
    pub(super) removed: &'static str,
}

impl Brand {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Uxpin, Self::Mosaic, Self::Stitch, Self::Stonly];

    /// The id of its app file.
    pub fn app(self) -> &'static str {
        match self {
            Self::Uxpin => "uxpin",
            Self::Mosaic => "mosaic",
            Self::Stitch => "stitch",
            Self::Stonly => "stonly",
        }
    }

    /// The path of the members' page.
    pub fn members_page(self) -> &'static str {
        match self {
            Self::Uxpin => "/team",
            Self::Mosaic => "/settings/users",
            Self::Stitch => "/account/team",
            Self::Stonly => "/settings/team",
        }
    }

    /// The roles, the highest last. Only those of UXPin are known; the others are made up.
    pub fn roles(self) -> &'static [&'static str] {
        match self {
            Self::Uxpin => &["Viewer", "Editor", "Admin"],
            Self::Mosaic => &["Member", "Manager", "Administrator"],
            Self::Stitch => &["General", "Admin"],
            Self::Stonly => &["Reader", "Contributor", "Admin"],
        }
    }

    /// Whether taking away keeps the member, without a seat.
    pub fn only_deactivates(self) -> bool {
        self == Self::Mosaic
    }

    pub(super) fn shown(self) -> &'static str {
        match self {
            Self::Uxpin => "UXPin",
            Self::Mosaic => "Mosaic",
            Self::Stitch => "Stitch",
            Self::Stonly => "Stonly",
        }
    }

    pub(super) fn tint(self) -> &'static str {
        match self {
            Self::Uxpin => "#3b2a7a",
            Self::Mosaic => "#0f5c56",
            Self::Stitch => "#1f4d8f",
            Self::Stonly => "#8a3b12",
        }
    }

    /// The links at the top: text and path.
    pub(super) fn links(self) -> &'static [[&'static str; 2]] {
        match self {
            Self::Uxpin => &[
                ["Projects", "/projects"],
                ["Account Settings", "/settings"],
                ["Team Members", "/team"],
            ],
            Self::Mosaic => &[["Planning", "/planning"], ["Users", "/settings/users"]],
            Self::Stitch => &[["Integrations", "/integrations"], ["Team Members", "/account/team"]],
            Self::Stonly => &[["Guides", "/guides"], ["Team settings", "/settings/team"]],
        }
    }

    pub(super) fn has_cookie_banner(self) -> bool {
        self != Self::Mosaic
    }

    /// What it shows everybody once, over the list.
    pub(super) fn news(self) -> Option<&'static str> {
        match self {
            Self::Mosaic => Some("Plans now show the whole year."),
            Self::Stonly => Some("Guides can be sorted into folders."),
            Self::Uxpin | Self::Stitch => None,
        }
    }

    /// Puts members into the order of the list.
    pub(super) fn sort(self, members: &mut [Member]) {
        match self {
            Self::Uxpin => members.sort_by_key(|it| (it.name.to_lowercase(), it.id)),
            Self::Mosaic => members.sort_by_key(|it| (it.email.to_lowercase(), it.id)),
            Self::Stitch => members.sort_by_key(|it| it.id),
            Self::Stonly => members.sort_by_key(|it| u64::MAX - it.id),
        }
    }

    pub(super) fn words(self, design: Design) -> &'static Words {
        match (self, design) {
            (Self::Uxpin, Design::Old) => &UXPIN,
            (Self::Mosaic, Design::Old) => &MOSAIC,
            (Self::Stitch, Design::Old) => &STITCH,
            (Self::Stonly, Design::Old) => &STONLY,
            (Self::Uxpin | Self::Stonly, Design::New) => &NEW_REMOVES,
            (Self::Stitch, Design::New) => &NEW_REVOKES,
            (Self::Mosaic, Design::New) => &NEW_ARCHIVES,
        }
    }
}

const UXPIN: Words = Words {
    enter: "Log in",
    leave: "Log out",
    login: "Email",
    password: "Password",
    code: "Verification code",
    page: "Team Members",
    name: "Name",
    email: "Email",
    role: "Role",
    invite: "Invite Members",
    send: "Send invitation",
    change: "Change role",
    remove: "Remove from Team",
    restore: "Restore",
    more: "Next",
    confirm: [
        "Remove from Team",
        "Remove {name} ({email}) from the team? Access ends at once.",
        "Remove",
        "Cancel",
    ],
    removed: "{name} was removed from the team.",
};

const MOSAIC: Words = Words {
    enter: "Sign in",
    leave: "Sign out",
    login: "Work email",
    password: "Password",
    code: "One-time code",
    page: "Users",
    name: "Full name",
    email: "Work email",
    role: "Permission",
    invite: "Add user",
    send: "Add",
    change: "Change permission",
    remove: "Deactivate user",
    restore: "Reactivate user",
    more: "Load more",
    confirm: [
        "Deactivate user",
        "Deactivate {name} ({email})? Their seat is released.",
        "Deactivate",
        "Cancel",
    ],
    removed: "{name} is deactivated.",
};

const STITCH: Words = Words {
    enter: "Sign in",
    leave: "Sign out",
    login: "Email address",
    password: "Password",
    code: "Authentication code",
    page: "Team Members",
    name: "Name",
    email: "Email address",
    role: "Access",
    invite: "Invite a team member",
    send: "Send",
    change: "Edit access",
    remove: "Remove",
    restore: "Restore",
    more: "Next",
    confirm: [
        "Remove team member",
        "{email} will lose access to this account.",
        "Yes, remove",
        "Keep",
    ],
    removed: "{email} no longer has access.",
};

const STONLY: Words = Words {
    enter: "Log in",
    leave: "Log out",
    login: "E-mail",
    password: "Password",
    code: "Security code",
    page: "Team",
    name: "Name",
    email: "E-mail",
    role: "Role",
    invite: "Invite a member",
    send: "Invite",
    change: "Edit role",
    remove: "Remove",
    restore: "Restore",
    more: "Next page",
    confirm: [
        "Remove this person?",
        "{name}, {email}, leaves the team. Their guides stay.",
        "Yes, remove",
        "No, keep",
    ],
    removed: "{name} has left the team.",
};

const NEW_REMOVES: Words = Words {
    enter: "Continue to workspace",
    leave: "Leave",
    login: "Your e-mail",
    password: "Your password",
    code: "Six digits",
    page: "People",
    name: "Person",
    email: "Contact",
    role: "Access level",
    invite: "Add people",
    send: "Add",
    change: "Access",
    remove: "Delete",
    restore: "Bring back",
    more: "Show more",
    confirm: [
        "Delete person",
        "Do you want to delete {email} ({name}) for good?",
        "Delete",
        "Go back",
    ],
    removed: "Deleted.",
};

const NEW_REVOKES: Words = Words {
    remove: "Revoke",
    confirm: ["Revoke access", "Access of {email} ends now.", "Revoke", "Go back"],
    removed: "Revoked.",
    ..NEW_REMOVES
};

const NEW_ARCHIVES: Words = Words {
    remove: "Archive",
    confirm: ["Archive person", "{name} ({email}) goes to the archive.", "Archive", "Go back"],
    removed: "Archived.",
    ..NEW_REMOVES
};
