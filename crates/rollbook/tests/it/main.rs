//! The real binary, from outside: what it prints, where, and with which exit code.

mod bench;
mod demo;
mod erase;
mod guide;
mod help;
mod refusals;
mod scan;
mod shrink;
mod workspace;
