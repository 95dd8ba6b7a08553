//! Tests of the catalog through its public face.

mod files;
mod guide;
mod parse;
