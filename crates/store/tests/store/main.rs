//! The store against crashes, damage, full disks and its own promises.

// Clippy knows test functions, not what they call.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod append;
mod backup;
mod common;
mod crash_image;
mod damage;
mod disk;
mod export;
mod fault;
mod folder;
mod kill;
mod shim;
mod slots;
mod slots_crash;
