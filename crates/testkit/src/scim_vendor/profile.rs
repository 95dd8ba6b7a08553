//! How a SCIM vendor behaves when nothing is wrong, as data.

use serde::{Deserialize, Serialize};

/// The ways of one vendor. In JSON every field may be left out; it is then as in
/// [`Profile::full`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Profile {
    /// For people.
    pub name: String,
    /// Path in front of `/Users`, with a leading slash.
    pub base_path: String,
    /// The bearer token that is accepted.
    pub token: String,
    /// Items per page where the client does not ask for a number.
    pub page_default: usize,
    /// The most items per page.
    pub page_max: usize,
    /// Which filters are understood.
    pub filters: Filters,
    /// What PATCH does.
    pub patch: PatchSupport,
    /// How PATCH wants to be said.
    pub patch_form: PatchForm,
    /// Whether PUT works.
    pub put: bool,
    /// What a PUT without `active` does.
    pub put_without_active: PutWithoutActive,
    /// What DELETE of a user does.
    pub delete: DeleteMeans,
    /// Whether a user that becomes inactive is deleted.
    pub inactive_deletes: bool,
    /// Whether `/Groups` exists.
    pub groups: bool,
    /// Whether users list their groups.
    pub groups_on_users: bool,
    /// Whether `externalId` is kept; otherwise it is passed over in silence.
    pub external_ids: bool,
    /// Where groups show their members.
    pub members: MembersShown,
    /// The most members that a group in a list shows, whatever it has.
    pub members_in_lists_max: Option<usize>,
    /// The most members that a group shows anywhere, whatever it has.
    pub members_max: Option<usize>,
    /// Whether `/ServiceProviderConfig`, `/Schemas` and `/ResourceTypes` exist.
    pub discovery: bool,
    /// Whether ids are JSON numbers.
    pub integer_ids: bool,
    /// What a user must have to be made; paths such as `name.givenName`.
    pub required: Vec<String>,
    /// How a duplicate userName is refused.
    pub duplicate: DuplicateBody,
    /// Whether resources carry a version that `If-Match` is held against.
    pub etags: bool,
}

/// Which filters a vendor understands; others are refused with 400 `invalidFilter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filters {
    /// All of RFC 7644.
    Full,
    /// `userName eq "…"` alone.
    UserNameEq,
    /// None is read: the whole list comes, as if no filter had been sent.
    Ignored,
}

/// What PATCH of a user does. PATCH of a group always works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PatchSupport {
    /// All of RFC 7644.
    Full,
    /// Only `active` is changed; the rest is passed over in silence, with 200.
    ActiveOnly,
    /// Answers 200 and changes nothing.
    Nothing,
    /// 501.
    Absent,
}

/// How PATCH wants to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PatchForm {
    /// With or without a path.
    Any,
    /// An operation without a path is 400.
    PathOnly,
    /// An operation with a path is 400.
    PathlessOnly,
}

/// What a PUT without `active` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PutWithoutActive {
    /// Leaves it.
    Keeps,
    /// Deactivates.
    Deactivates,
}

/// What DELETE of a user does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeleteMeans {
    /// The user is gone, and out of its groups.
    Gone,
    /// The user stays, inactive.
    Inactive,
    /// 405.
    Refused,
}

/// Where groups show their members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MembersShown {
    /// In lists and one by one.
    Everywhere,
    /// Where one group is read by itself.
    Alone,
    /// Nowhere. Adding and taking out work all the same.
    Nowhere,
}

/// How a duplicate userName is refused, always with 409.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DuplicateBody {
    /// As RFC 7644 says.
    Scim,
    /// With a body of the vendor's own.
    Odd,
}

impl Default for Profile {
    fn default() -> Self {
        Self::full()
    }
}

impl Profile {
    /// Everything works, to the letter of the RFC.
    pub fn full() -> Self {
        Self {
            name: "full".to_owned(),
            base_path: "/scim/v2".to_owned(),
            token: "full-0123456789abcdef0123456789abcdef".to_owned(),
            page_default: 100,
            page_max: 1000,
            filters: Filters::Full,
            patch: PatchSupport::Full,
            patch_form: PatchForm::Any,
            put: true,
            put_without_active: PutWithoutActive::Keeps,
            delete: DeleteMeans::Gone,
            inactive_deletes: false,
            groups: true,
            groups_on_users: true,
            external_ids: true,
            members: MembersShown::Everywhere,
            members_in_lists_max: None,
            members_max: None,
            discovery: true,
            integer_ids: false,
            required: vec!["userName".to_owned()],
            duplicate: DuplicateBody::Scim,
            etags: true,
        }
    }

    /// Mindtickle as its guide describes it. What a DELETE does there is unknown; here it removes,
    /// and `delete` switches it. Groups are unconfirmed; here they exist, and `groups` switches
    /// them.
    pub fn mindtickle() -> Self {
        let required = ["userName", "name.givenName", "name.familyName", "emails"];
        Self {
            name: "mindtickle".to_owned(),
            token: "mindtickle-0123456789abcdef0123456789".to_owned(),
            page_default: 50,
            page_max: 100,
            filters: Filters::UserNameEq,
            patch: PatchSupport::ActiveOnly,
            required: required.map(str::to_owned).to_vec(),
            duplicate: DuplicateBody::Odd,
            groups_on_users: false,
            discovery: false,
            etags: false,
            ..Self::full()
        }
    }

    /// The profile called `name`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "full" => Some(Self::full()),
            "mindtickle" => Some(Self::mindtickle()),
            _ => None,
        }
    }
}
