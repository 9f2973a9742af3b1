//! Documents: any bytes are read to objects and problems, every problem has a place in the file, and what is declared by
//! them reads back from the journal.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_core::{
    command::{Actor, Command, Context},
    decide::decide,
    event::Event,
    spec,
    state::State,
};

fuzz_target!(|data: &[u8]| {
    let files = vec![("a.yaml".to_owned(), data.to_vec())];
    let (docs, problems) = spec::read(&files);
    for problem in &problems {
        assert_eq!(problem.path, "a.yaml");
        assert!(!problem.to_string().is_empty());
    }
    let _slos = spec::slos(&docs);
    let apply = Command::Apply { set: "a".to_owned(), files, may_withdraw: false, reason: None };
    let context = Context { at_ms: 0, actor: Actor::Rule("fuzz".into()), fresh: 0 };
    for event in decide(&State::default(), &apply, &context).into_iter().flatten() {
        assert_eq!(Event::read(&event.to_text()).as_ref(), Ok(&event));
    }
});
