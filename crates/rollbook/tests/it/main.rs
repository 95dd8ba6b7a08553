//! The real binary, from outside: what it prints, where, and with which exit code.

mod bench;
mod demo;
mod guide;
mod help;
mod refusals;
mod workspace;
