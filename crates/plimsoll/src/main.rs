//! The `plimsoll` command; see the library of the same name.

fn main() -> std::process::ExitCode {
    plimsoll::main()
}
