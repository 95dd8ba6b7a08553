//! From the bytes of a file to UTF-8 text, in pieces, with nothing replaced silently.

use std::io::{self, Read};

use sha2::{Digest, Sha256};

/// How many bytes are read at a time.
const PIECE: usize = 256 * 1024;

/// Why text could not be had.
#[derive(Debug)]
pub(super) enum Fault {
    /// The file could not be read.
    Io(io::Error),
    /// These bytes are no text in the encoding.
    Malformed,
}

/// What the first bytes of a file say about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// Text, perhaps with a byte-order mark of this length and encoding.
    Text(Option<(&'static encoding_rs::Encoding, usize)>),
    /// A zip archive, as every XLSX file is.
    Zip,
    /// An Excel workbook from before 2007.
    OldExcel,
    /// A gzip file.
    Gzip,
    /// UTF-32 text.
    Utf32,
}

/// Judges the first bytes of a file; four are enough.
pub(super) fn head(bytes: &[u8]) -> Head {
    match bytes {
        [b'P', b'K', 3 | 5, 4 | 6, ..] => Head::Zip,
        [0xD0, 0xCF, 0x11, 0xE0, ..] => Head::OldExcel,
        [0x1F, 0x8B, ..] => Head::Gzip,
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => Head::Utf32,
        [0xEF, 0xBB, 0xBF, ..] => Head::Text(Some((encoding_rs::UTF_8, 3))),
        [0xFF, 0xFE, ..] => Head::Text(Some((encoding_rs::UTF_16LE, 2))),
        [0xFE, 0xFF, ..] => Head::Text(Some((encoding_rs::UTF_16BE, 2))),
        _ => Head::Text(None),
    }
}

/// Reads bytes and gives UTF-8 text. Input that claims to be UTF-8 is passed on unchecked: the
/// reader of rows checks it, because only it knows the line.
pub(super) struct Decoder<R> {
    from: R,
    /// `None`: the bytes are UTF-8 already.
    coding: Option<encoding_rs::Decoder>,
    raw: Vec<u8>,
    ended: bool,
    digest: Option<Sha256>,
}

impl<R: Read> Decoder<R> {
    /// Reads from `from`, whose first bytes `first` were taken already; `skip` of them are a
    /// byte-order mark. `digest`: whether the SHA-256 of all bytes is wanted.
    pub(super) fn new(
        from: R,
        encoding: &'static encoding_rs::Encoding,
        first: &[u8],
        skip: usize,
        digest: bool,
    ) -> Self {
        let utf8 = encoding == encoding_rs::UTF_8;
        let coding = (!utf8).then(|| encoding.new_decoder_without_bom_handling());
        let digest = digest.then(|| Sha256::new().chain_update(first));
        Self { from, coding, raw: first[skip..].to_vec(), ended: false, digest }
    }

    /// Appends the next piece of text to `into`. `false`: there is no more.
    pub(super) fn fill(&mut self, into: &mut Vec<u8>) -> Result<bool, Fault> {
        if self.ended {
            return Ok(false);
        }
        if self.coding.is_some() { self.fill_decoded(into) } else { self.fill_plain(into) }
    }

    /// The SHA-256 of all bytes read, if it was wanted.
    pub(super) fn digest(self) -> Option<[u8; 32]> {
        self.digest.map(|digest| digest.finalize().into())
    }

    fn fill_plain(&mut self, into: &mut Vec<u8>) -> Result<bool, Fault> {
        into.append(&mut self.raw);
        let at = into.len();
        into.resize(at + PIECE, 0);
        let count = read_some(&mut self.from, &mut into[at..]);
        into.truncate(at + *count.as_ref().unwrap_or(&0));
        let count = count.map_err(Fault::Io)?;
        if let Some(digest) = &mut self.digest {
            digest.update(&into[at..]);
        }
        self.ended = count == 0;
        Ok(count > 0 || at > 0)
    }

    fn fill_decoded(&mut self, into: &mut Vec<u8>) -> Result<bool, Fault> {
        let at = self.raw.len();
        self.raw.resize(at + PIECE, 0);
        let count = read_some(&mut self.from, &mut self.raw[at..]).map_err(Fault::Io)?;
        self.raw.truncate(at + count);
        if let Some(digest) = &mut self.digest {
            digest.update(&self.raw[at..]);
        }
        self.ended = count == 0;
        let coding = self.coding.as_mut().expect("only called where there is a decoder");
        let mut taken = 0;
        loop {
            let room = coding.max_utf8_buffer_length_without_replacement(self.raw.len() - taken);
            let from = into.len();
            into.resize(from + room.unwrap_or(PIECE).max(16), 0);
            let (result, read, written) = coding.decode_to_utf8_without_replacement(
                &self.raw[taken..],
                &mut into[from..],
                self.ended,
            );
            into.truncate(from + written);
            taken += read;
            match result {
                encoding_rs::DecoderResult::InputEmpty => break,
                encoding_rs::DecoderResult::OutputFull => {}
                encoding_rs::DecoderResult::Malformed(..) => return Err(Fault::Malformed),
            }
        }
        self.raw.clear();
        Ok(true)
    }
}

/// Reads at least one byte unless the end is reached.
fn read_some(from: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match from.read(into) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
