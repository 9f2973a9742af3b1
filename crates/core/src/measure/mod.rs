//! From samples to slots: access-log lines, minutes, ledgers, windows.

pub mod accesslog;
pub mod classify;
pub mod gap;
pub mod service;
pub mod sli;
pub mod tally;
pub mod window;
