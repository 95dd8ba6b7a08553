//! Tests of the core from outside: text in, text out.

mod finding;
mod identity;
mod login;
mod matching;
mod organisation;
mod roll;
mod scan;
mod simulation;
mod standing;
