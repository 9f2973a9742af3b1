//! From samples to slots: access-log lines, minutes, ledgers, windows.

pub mod accesslog;
pub mod sli;
pub mod window;
