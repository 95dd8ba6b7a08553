//! How identity providers write, and which of them is speaking.

use std::str::FromStr;

use serde_json::{Value, json};

use super::resource_type::ResourceType;
use super::rules::Rules;
use super::scim_1;
use crate::message::{ErrorMessage, ScimType};
use crate::patch::Patch;
use crate::{read, schema};

/// The most operations of one PATCH.
pub const OPERATIONS_MAX: usize = 1_000;

/// Who speaks at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// Somebody who keeps to the RFCs, and is told where not.
    Strict,
    /// Microsoft Entra ID.
    Entra,
    /// Microsoft Entra ID with `?aadOptscim062020` in the tenant URL.
    EntraOptscim,
    /// Okta, an app of its catalogue: groups and deactivation by PATCH.
    OktaOin,
    /// Okta, an app made with its wizard: the whole user by PUT.
    OktaAiw,
    /// OneLogin.
    OneLogin,
    /// Google Workspace.
    Google,
    /// JumpCloud.
    JumpCloud,
    /// PingFederate and PingOne.
    Ping,
    /// Not known: whatever any of the others sends is understood.
    Auto,
}

/// A word that names no profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("There is no profile {0:?}. Choose one of: {known}.", known = Profile::words())]
pub struct Unknown(String);

impl Profile {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Strict,
        Self::Entra,
        Self::EntraOptscim,
        Self::OktaOin,
        Self::OktaAiw,
        Self::OneLogin,
        Self::Google,
        Self::JumpCloud,
        Self::Ping,
        Self::Auto,
    ];

    /// The word for it in commands and files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Entra => "entra",
            Self::EntraOptscim => "entra-aadOptscim062020",
            Self::OktaOin => "okta-oin",
            Self::OktaAiw => "okta-aiw",
            Self::OneLogin => "onelogin",
            Self::Google => "google",
            Self::JumpCloud => "jumpcloud",
            Self::Ping => "ping",
            Self::Auto => "auto",
        }
    }

    fn words() -> String {
        Self::ALL.map(Self::word).join(", ")
    }

    /// How its requests are read.
    pub fn rules(self) -> Rules {
        let scim_1 = matches!(self, Self::OneLogin | Self::Auto);
        let create_missing =
            matches!(self, Self::Entra | Self::EntraOptscim | Self::JumpCloud | Self::Auto);
        match self {
            Self::Strict => Rules::STRICT,
            _ => Rules { create_missing, scim_1, ..Rules::LENIENT },
        }
    }

    /// Who is speaking, where the token leaves it open: by the client's name, by a header that only
    /// it sends, by a word in the URL.
    #[must_use]
    pub fn seen(
        self,
        user_agent: &str,
        has_header: impl Fn(&str) -> bool,
        raw_query: &str,
    ) -> Self {
        if self != Self::Auto {
            return self;
        }
        let agent = user_agent.to_ascii_lowercase();
        let says = |word: &str| agent.contains(word);
        if raw_query.contains("aadOptscim062020") {
            Self::EntraOptscim
        } else if has_header("adscimversion") {
            Self::Entra
        } else if says("okta") {
            Self::OktaOin
        } else if says("onelogin") {
            Self::OneLogin
        } else if says("google-auto-provisioning") {
            Self::Google
        } else if says("jumpcloud") {
            Self::JumpCloud
        } else if says("pingfederate") || says("pingone") {
            Self::Ping
        } else {
            Self::Auto
        }
    }

    /// Whether a PATCH of such a resource is answered by 204 where no `attributes` are asked for.
    /// RFC 7644 §3.5.2 leaves it open: Entra wants it so, Okta takes both, and others want to see
    /// what became of the resource.
    pub fn answers_empty(self, kind: ResourceType) -> bool {
        let takes_none =
            matches!(self, Self::Entra | Self::EntraOptscim | Self::OktaOin | Self::OktaAiw);
        takes_none && kind == ResourceType::Group
    }

    /// Reads the body of a PATCH as this client writes it.
    ///
    /// # Errors
    /// 400 with the RFC's word; 413 where there are more than [`OPERATIONS_MAX`] operations.
    pub fn patch(self, body: &Value) -> Result<Patch, ErrorMessage> {
        let rules = self.rules();
        let refused =
            |sentence: &str| ErrorMessage::new(400, Some(ScimType::InvalidSyntax), sentence);
        if body.is_array() {
            // The bare list of operations, as RFC 7644 §3.7.3 itself shows it within a bulk request.
            return self.patch(&json!({"schemas": [schema::PATCH_OP], "Operations": body}));
        }
        let object = body.as_object().ok_or_else(|| refused("A PATCH body is a JSON object."))?;
        if rules.scim_1
            && let Some(patch) = scim_1::patch(object).map_err(|it| it.to_message())?
        {
            return Ok(patch);
        }
        let names_it = |urn: &String| urn.eq_ignore_ascii_case(schema::PATCH_OP);
        if !rules.lenient && !read::texts_of(object, "schemas").iter().any(names_it) {
            let sentence = format!("\"schemas\" does not name \"{}\".", schema::PATCH_OP);
            return Err(refused(&sentence));
        }
        let count = read::list_of(object, "Operations").len();
        if count > OPERATIONS_MAX {
            let sentence = format!(
                "The PATCH has {count} operations; at most {OPERATIONS_MAX} are taken. Send several."
            );
            return Err(ErrorMessage::new(413, Some(ScimType::TooMany), &sentence));
        }
        Patch::read(body).map_err(|it| it.to_message())
    }
}

impl FromStr for Profile {
    type Err = Unknown;

    fn from_str(word: &str) -> Result<Self, Unknown> {
        let found = Self::ALL.into_iter().find(|it| it.word().eq_ignore_ascii_case(word));
        found.ok_or_else(|| Unknown(word.to_owned()))
    }
}
