//! Tests of the catalog through its public face.

mod files;
mod parse;
