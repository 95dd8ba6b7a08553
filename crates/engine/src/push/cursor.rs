//! Where a page ended, in a form that the caller can keep and not make (RFC 9865).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use rollbook_scim::ErrorMessage;
use rollbook_scim::message::ScimType;
use rollbook_scim::server::ResourceType;

use super::page::Asked;
use crate::store::scim::Place;

/// What the key of cursors is derived for.
pub(super) const PURPOSE: &str = "cursors of SCIM lists, v1";

const SIZE: usize = 9;
const TAG: usize = 16;

/// Where the next page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// After so many.
    Offset(u64),
    /// Behind this one, or where it was.
    After(Place),
}

/// Makes cursors, and knows its own again.
#[derive(Debug)]
pub(super) struct Seal {
    key: hmac::Key,
}

impl Seal {
    pub(super) fn new(key: hmac::Key) -> Self {
        Self { key }
    }

    /// The cursor to `from` in the list that was asked for.
    pub(super) fn close(&self, from: From, asked: &Asked) -> String {
        let (form, number) = match from {
            From::Offset(offset) => (0, i64::try_from(offset).unwrap_or(i64::MAX)),
            From::After((ResourceType::User, position)) => (1, position),
            From::After((ResourceType::Group, position)) => (2, position),
        };
        let mut bytes = vec![form];
        bytes.extend(number.to_be_bytes());
        let tag = self.tag(&bytes, asked);
        bytes.extend(tag);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Where the cursor leads to.
    ///
    /// # Errors
    /// 400 `invalidCursor` where it is none of ours, or is for another endpoint or another question.
    pub(super) fn open(&self, cursor: &str, asked: &Asked) -> Result<From, ErrorMessage> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok().filter(|it| it.len() == SIZE + TAG);
        let bytes = bytes.ok_or_else(unknown)?;
        let (said, tag) = bytes.split_at(SIZE);
        if self.tag(said, asked) != tag {
            return Err(unknown());
        }
        let number = said[1..].try_into().map(i64::from_be_bytes).map_err(|_| unknown())?;
        match said[0] {
            0 => u64::try_from(number).map(From::Offset).map_err(|_| unknown()),
            1 => Ok(From::After((ResourceType::User, number))),
            2 => Ok(From::After((ResourceType::Group, number))),
            _ => Err(unknown()),
        }
    }

    /// Binds the cursor to the endpoint and to everything that decides what is in the list.
    fn tag(&self, said: &[u8], asked: &Asked) -> Vec<u8> {
        let mut question = hmac::Context::with_key(&self.key);
        let filter = asked.query.filter.as_ref().map(ToString::to_string).unwrap_or_default();
        let sort = asked.query.sort.as_ref();
        let sort = sort.map(|it| format!("{} {}", it.path, it.descending)).unwrap_or_default();
        let kinds: Vec<&str> = asked.kinds.iter().map(|kind| kind.name()).collect();
        for part in [asked.endpoint.as_str(), &kinds.join(" "), &filter, &sort] {
            question.update(&(part.len() as u64).to_be_bytes());
            question.update(part.as_bytes());
        }
        question.update(said);
        question.sign().as_ref()[..TAG].to_vec()
    }
}

fn unknown() -> ErrorMessage {
    let said = "The cursor is none that this list gave. Begin again without one.";
    ErrorMessage::new(400, Some(ScimType::InvalidCursor), said)
}
