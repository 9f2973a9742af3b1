//! Documents: no bytes break reading, and every problem has a place and a reason.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_core::spec;

fuzz_target!(|bytes: &[u8]| {
    let (docs, problems) = spec::read(&[("a.yaml".to_owned(), bytes.to_vec())]);
    let (slos, more) = spec::slos(&docs);
    for problem in problems.iter().chain(&more) {
        assert!(!problem.message.is_empty());
        assert_eq!(problem.path, "a.yaml");
    }
    for (slo, _) in slos {
        assert!(!slo.windows.is_empty());
    }
});
