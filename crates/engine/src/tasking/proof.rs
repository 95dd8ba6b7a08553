//! What people hand in: a sentence, a file, a picture of the screen.

use std::io::Read as _;
use std::path::Path;

use rollbook_core::explain::printable;
use rollbook_core::id::hex;
use rollbook_core::task::{PROOF_BYTES_MAX, Proof, ProofKind};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// Something that was handed in, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handed {
    kind: ProofKind,
    says: String,
    media_type: &'static str,
    bytes: Vec<u8>,
}

/// How files of a kind begin, and what they are.
const MAGIC: [(&[u8], &str); 4] = [
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
];

impl Handed {
    /// A sentence.
    pub fn note(text: &str) -> Self {
        let says = printable(text.trim());
        Self {
            kind: ProofKind::Text,
            bytes: says.clone().into_bytes(),
            says,
            media_type: "text/plain",
        }
    }

    /// The file at `path`; a picture by what it holds, whatever it is called.
    ///
    /// # Errors
    /// When it cannot be read, is empty or too large.
    pub fn file(path: &Path) -> Result<Self> {
        let shown = path.display();
        let unreadable =
            |e: std::io::Error| Error::input(format!("{shown} cannot be read: {e}.")).because(e);
        let file = std::fs::File::open(path).map_err(unreadable)?;
        let mut bytes = Vec::new();
        let limit = PROOF_BYTES_MAX as u64 + 1;
        file.take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        Self::named(&name.unwrap_or_default(), bytes)
    }

    /// These bytes, which came as a file of this name.
    ///
    /// # Errors
    /// When they are none or too many.
    pub fn named(name: &str, bytes: Vec<u8>) -> Result<Self> {
        let name = printable(name);
        if bytes.is_empty() {
            return Err(Error::input(format!("{name} is empty, so it shows nothing.")));
        }
        if bytes.len() > PROOF_BYTES_MAX {
            let max = PROOF_BYTES_MAX / 1024 / 1024;
            return Err(Error::input(format!("{name} is larger than {max} MiB."))
                .hint("Hand in the part that shows what was done."));
        }
        let known = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic));
        let media_type = known.map_or("application/octet-stream", |(_, media_type)| media_type);
        let kind = match media_type.starts_with("image/") {
            true => ProofKind::Screenshot,
            false => ProofKind::File,
        };
        Ok(Self { kind, says: name, media_type, bytes })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What is recorded of it.
    ///
    /// # Errors
    /// When it is a sentence that says nothing.
    pub(super) fn proof(&self) -> Result<Proof> {
        if self.bytes.is_empty() {
            return Err(Error::input("The note is empty.").hint("Say in it what you did."));
        }
        if self.bytes.len() > PROOF_BYTES_MAX {
            return Err(Error::input("The note is too long to be kept."));
        }
        Ok(Proof {
            kind: self.kind,
            says: self.says.clone(),
            media_type: self.media_type.to_owned(),
            sha256: hex(&Sha256::digest(&self.bytes)),
            bytes: self.bytes.len() as u64,
        })
    }
}
