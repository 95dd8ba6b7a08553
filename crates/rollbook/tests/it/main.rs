//! The real binary, from outside: what it prints, where, and with which exit code.

mod assistant;
mod bench;
mod delivery;
mod demo;
mod erase;
mod guide;
mod help;
mod mcp;
mod mcp_client;
mod mcp_http;
mod policy;
mod postgres;
mod probe;
mod refusals;
mod scan;
mod scim_access;
mod scim_protocol;
mod scim_races;
mod scim_sessions;
mod scim_suites;
mod scim_traces;
mod serve_limits;
mod served;
mod shrink;
mod workspace;
