//! The rules, as data.

use super::{Find, Rule, manifest, markdown, shape};
use crate::tree::File;

/// Files of core where floats are allowed. Floats belong to forecasts and to the guard for low traffic only.
const FLOATS_ALLOWED: &[&str] = &[];

/// All rules of the house.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "pure-dependencies",
        covers: |file| file.path == "crates/core/Cargo.toml",
        find: Find::With(manifest::impure_dependencies),
        why: "core computes from what it is given; a dependency with input or output would end that",
        cure: "do the work in another crate and pass the result in; a pure crate goes on the list in xtask/src/tidy/manifest.rs",
    },
    Rule {
        name: "pure-code",
        covers: is_core,
        find: Find::InCode(&[
            "HashMap",
            "HashSet",
            "SystemTime",
            "Instant",
            "std::fs",
            "std::net",
            "std::env",
            "std::process",
            "std::thread",
            "println!",
            "eprintln!",
            "print!",
            "eprint!",
        ]),
        why: "core has no clock, file, network, thread or output, and its order is deterministic, so that every result can be computed again",
        cure: "take the value as a parameter; use BTreeMap or BTreeSet for a fixed order",
    },
    Rule {
        name: "exact-numbers",
        covers: |file| is_core(file) && !FLOATS_ALLOWED.contains(&file.path.as_str()),
        find: Find::With(shape::floats),
        why: "with floats 60 bad of 60,000 at 99.9 % leave 1.1e-16 of the budget, which reads `ship`",
        cure: "use integers and core's `ratio`; cross-multiply in u128",
    },
    Rule {
        name: "limits-in-one-place",
        covers: |file| is_core(file) && file.path != "crates/core/src/limits.rs",
        find: Find::With(shape::limits),
        why: "a limit that is not in limits.rs does not exist: one file tells an operator every bound of the system",
        cure: "move the constant to crates/core/src/limits.rs",
    },
    Rule {
        name: "file-says-what-it-holds",
        covers: |file| file.is_rust() && file.path.contains("/src/") && !is_tests(file),
        find: Find::With(shape::no_heading),
        why: "one noun, one file: the first line names it",
        cure: "begin the file with `//!` and one sentence",
    },
    Rule {
        name: "file-length",
        covers: File::is_rust,
        find: Find::With(shape::long_file),
        why: "a longer file holds more than one thing",
        cure: "split it by noun; move tests to a `tests.rs` beside it",
    },
    Rule {
        name: "function-length",
        covers: File::is_rust,
        find: Find::With(shape::long_functions),
        why: "a function is understood when it is seen whole",
        cure: "give its parts names and functions of their own",
    },
    Rule {
        name: "line-length",
        covers: |file| file.is_rust() || file.has_extension("sh") || file.path.starts_with(".ci/"),
        find: Find::With(shape::long_lines),
        why: "two files fit side by side",
        cure: "break the line; text inside a string does not count",
    },
    Rule {
        name: "finished",
        covers: |file| file.is_rust() || file.is_markdown() || file.has_extension("toml"),
        find: Find::InText(&[
            "TODO",
            "FIXME",
            "XXX",
            "todo!",
            "unimplemented!",
            "dbg!",
            "#[ignore",
            "should_panic",
        ]),
        why: "what is committed is finished and checked; a note to oneself belongs in the issue tracker",
        cure: "finish it, delete it, or open an issue",
    },
    Rule {
        name: "no-sleep",
        covers: |file| file.is_rust() && file.is_in("crates/") && !file.is_edge(),
        find: Find::InText(&["thread::sleep", "time::sleep"]),
        why: "a sleep is a guess about time: slow when it is too long, flaky when it is too short",
        cure: "wait for the event itself, or pass the time in; at the edge, a pause before trying again is no guess",
    },
    Rule {
        name: "own-machine",
        covers: |file| file.path != "Cargo.lock",
        find: Find::InText(&["/work/", "/root/", "/Users/"]),
        why: "the repository makes sense on any machine",
        cure: "use a relative path, a temporary folder or an environment variable",
    },
    Rule {
        name: "test-data-stays-outside",
        covers: |file| file.path != ".ci/run",
        find: Find::InText(&["shared/data"]),
        why: "real inputs are found through PLIMSOLL_TEST_DATA alone; only .ci/run knows where CI keeps them",
        cure: "read PLIMSOLL_TEST_DATA, and skip with a message where it is unset",
    },
    Rule {
        name: "words",
        covers: |file| file.is_markdown() || file.is_rust(),
        find: Find::InProse(&[
            "simply",
            "obviously",
            "trivially",
            "blazingly",
            "seamlessly",
            "state of the art",
            "world-class",
            "sanity check",
            "whitelist",
            "blacklist",
        ]),
        why: "what is plain to the writer is not to a reader at three in the morning; praise tells nothing",
        cure: "leave the word out, or say the fact behind it",
    },
    Rule {
        name: "several-factors",
        covers: |file| file.is_markdown() && !file.is_in("docs/explanation/"),
        find: Find::InProse(&["root cause"]),
        why: "an outage has several contributing factors; naming one as the cause ends the learning",
        cure: "write `contributing factors`; what is wrong with the other term is told in docs/explanation",
    },
    Rule {
        name: "one-title",
        covers: File::is_markdown,
        find: Find::With(markdown::titles),
        why: "a document is about one thing, and its title says what",
        cure: "keep one `# ` heading, at the top",
    },
    Rule {
        name: "links",
        covers: File::is_markdown,
        find: Find::With(markdown::dead_links),
        why: "a dead link tells the reader that nobody reads this",
        cure: "mend the path or the heading's anchor",
    },
];

fn is_core(file: &File) -> bool {
    file.is_rust() && file.is_in("crates/core/src/") && !is_tests(file)
}

fn is_tests(file: &File) -> bool {
    file.path.ends_with("/tests.rs") || file.path.contains("/tests/")
}
