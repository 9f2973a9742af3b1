//! Events of the journal, one a line: what is read is written so that it reads back the same, in one line, and what a
//! newer program may have written is refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_core::event::{Event, Unreadable};
use serde_json::{Map, Value};

fuzz_target!(|text: &str| {
    for line in text.lines() {
        match Event::read(line) {
            Ok(event) => check(line, &event),
            Err(unreadable) => assert!(!unreadable.to_string().is_empty()),
        }
    }
});

fn check(line: &str, event: &Event) {
    let written = event.to_text();
    assert!(!written.contains(['\n', '\r']), "not one line: {written}");
    assert_eq!(Event::read(&written).as_ref(), Ok(event), "not read back: {written}");
    let mut fields: Map<String, Value> = serde_json::from_str(line).expect("an event is an object");
    fields.insert("v".to_owned(), Value::from(1));
    assert_eq!(Event::read(&text(&fields)).as_ref(), Ok(event), "version 1 is the default");
    fields.insert("v".to_owned(), Value::from(2));
    let newer = Event::read(&text(&fields));
    assert!(matches!(newer, Err(Unreadable::TooNew { version: 2, .. })), "{newer:?}");
}

fn text(fields: &Map<String, Value>) -> String {
    serde_json::to_string(fields).expect("JSON is written")
}
