//! What targets have in common.

use plimsoll_core::measure::accesslog::{Line, Parser, detect};
use tempfile::TempDir;

/// Reads each line of `data` by the format of `anchor`, a line that a server would write, and checks what holds for
/// every request. `memory` says that a line may change how later ones are read, as a header does.
pub fn read_lines(anchor: &str, data: &[u8], memory: bool) {
    let Some(format) = detect(&[anchor.as_bytes()]) else {
        panic!("no format reads the anchor: {anchor}")
    };
    let mut parser = Parser::new(format.clone());
    for line in data.split(|&byte| byte == b'\n') {
        let read = parser.parse(line);
        if let Ok(Line::Request(request)) = &read {
            // 1970 to the end of 9999.
            assert!((0..=253_402_300_799).contains(&request.at_s), "{request:?}");
            assert!(
                request.status.is_none_or(|status| (100..=999).contains(&status)),
                "{request:?}"
            );
        }
        if !memory {
            assert_eq!(
                read,
                Parser::new(format.clone()).parse(line),
                "an earlier line changed how this one is read"
            );
        }
    }
}

/// A folder for files. What is left of it when the process ends, whoever started the process removes.
pub fn scratch() -> TempDir {
    tempfile::tempdir().expect("a folder can be made")
}
