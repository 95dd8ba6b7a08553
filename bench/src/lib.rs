//! Made-up organisations for the benchmarks. The same sizes give the same bytes on every machine.

#![forbid(unsafe_code)]

pub mod dice;
pub mod estate;
pub mod people;
