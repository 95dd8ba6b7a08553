//! What is wrong with an app file, and where.

use std::path::PathBuf;

/// Why an app file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text of the file is at fault.
    #[error("{file}:{line}: {message}")]
    File {
        /// The file as it was named to us.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong and what to do, as full sentences.
        message: String,
    },
    /// The file or its folder could not be read.
    #[error("the app files in {} could not be read; check that the folder exists and is readable", path.display())]
    Unreadable {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Error {
    /// An error at byte `at` of `text`, which is the content of `file`.
    pub(crate) fn at(file: &str, text: &str, at: usize, message: impl Into<String>) -> Self {
        let before = text.as_bytes().iter().take(at);
        let line = 1 + before.filter(|&&b| b == b'\n').count();
        Self::File { file: file.to_owned(), line, message: message.into() }
    }
}
