//! From samples to slots: access-log lines, minutes, ledgers, windows.

pub mod accesslog;
pub mod exclusion;
pub mod ledger;
pub mod sli;
pub mod slot;
pub mod window;
