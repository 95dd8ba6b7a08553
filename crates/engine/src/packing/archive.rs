//! A pack as one file, for whoever takes it away through a browser.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::Subject;
use crate::engine::Engine;
use crate::error::{Error, Result};

impl Engine {
    /// Writes the pack of `subject` as a ZIP archive. Unpacked it is the folder that [`Engine::pack`]
    /// writes.
    ///
    /// # Errors
    /// As [`Engine::pack`], and when the system gives no room for temporary files.
    pub fn pack_archive(&self, subject: &Subject, by: &str) -> Result<Vec<u8>> {
        let place = tempfile::tempdir().map_err(no_room)?;
        let folder = place.path().join("pack");
        self.pack(subject, &folder, by)?;
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(no_room)? {
            names.push(entry.map_err(no_room)?.file_name());
        }
        names.sort();
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        for name in names {
            let bytes = std::fs::read(folder.join(&name)).map_err(no_room)?;
            archive.start_file(name.to_string_lossy(), options).map_err(not_packed)?;
            archive.write_all(&bytes).map_err(no_room)?;
        }
        Ok(archive.finish().map_err(not_packed)?.into_inner())
    }
}

fn no_room(e: std::io::Error) -> Error {
    Error::setup("The pack cannot be put together in the folder for temporary files.")
        .hint("Make room there, or write it elsewhere with `rollbook pack --out`.")
        .because(e)
}

fn not_packed(e: zip::result::ZipError) -> Error {
    Error::bug("The pack cannot be written as an archive.").because(e)
}
