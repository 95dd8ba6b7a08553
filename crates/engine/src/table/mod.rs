//! Tables in files: CSV and XLSX, read strictly, row by row, as text.
//!
//! A file that is not what it claims to be is refused with file, line and column: a guess here
//! would become a wrong person later. Cells stay text byte for byte; `00123` is not `123`.

mod format;

pub use self::format::{DatePattern, Delimiter, Encoding, Ends, TableFormat};
