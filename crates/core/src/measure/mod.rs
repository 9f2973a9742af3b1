//! From samples to slots: access-log lines, minutes, ledgers, windows.

pub mod accesslog;
pub mod classify;
pub mod exclusion;
pub mod gap;
pub mod ledger;
pub mod name;
pub mod push;
pub mod readings;
pub mod row;
pub mod service;
pub mod set_aside;
pub mod silence;
pub mod sli;
pub mod slot;
pub mod slots;
pub mod tally;
pub mod window;
mod word;
