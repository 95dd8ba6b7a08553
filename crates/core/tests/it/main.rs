//! Tests of the core from outside: text in, text out.

mod finding;
mod organisation;
mod scan;
mod standing;
