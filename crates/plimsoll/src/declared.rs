//! What documents declared: the words that all its kinds share.

use plimsoll_server::api::declared::Declaration;

use crate::words::minute;

/// Of what is agreed, and whose document was withdrawn.
pub const NOWHERE: &str = "nowhere any more: what was agreed stays in force without a document";

/// `web.yaml of the set default, since 2026-11-23 06:45 UTC`.
pub fn words(declared: &Declaration) -> String {
    let Declaration { set, file, since } = declared;
    format!("{file} of the set {set}, since {} UTC", minute(since))
}
