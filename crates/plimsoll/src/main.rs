//! The `plimsoll` command; see the library of the same name.

use mimalloc::MiMalloc;

/// A command allocates a few dozen small things on one thread and drops them on another; with this allocator that
/// costs about an eighth less of all its time than with the C library's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> std::process::ExitCode {
    plimsoll::main()
}
