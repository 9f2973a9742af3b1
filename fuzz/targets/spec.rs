//! Documents: any bytes are read to objects and problems, and every problem has a place in the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_core::spec;

fuzz_target!(|data: &[u8]| {
    let (docs, problems) = spec::read(&[("a.yaml".to_owned(), data.to_vec())]);
    for problem in &problems {
        assert_eq!(problem.path, "a.yaml");
        assert!(!problem.to_string().is_empty());
    }
    let _slos = spec::slos(&docs);
});
