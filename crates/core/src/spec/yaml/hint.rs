//! Advice on broken YAML: the parser says what it expected, this says what people usually meant.

use saphyr_parser::ScanError;

use super::Position;

/// What went wrong, in plain words, and what to do about it.
pub(crate) fn explain(text: &str, at: Position, error: &ScanError) -> (String, String) {
    let line = text.lines().nth(at.line as usize - 1).unwrap_or("");
    let rest: String = line.chars().skip(at.column as usize - 1).collect();
    let info = error.info();
    let (message, hint) = if info.contains("tab") && line.trim_start_matches(' ').starts_with('\t')
    {
        ("a tab is used as indentation", "indent with spaces")
    } else if info.contains("mapping values are not allowed") {
        (
            "a second ': ' stands on this line",
            "put the whole value in quotes when ': ' is part of it, or check the indentation of the line above",
        )
    } else if rest.starts_with(['@', '`']) {
        ("a value cannot begin with this character", "put the value in quotes")
    } else if rest.starts_with('%') {
        ("a value cannot begin with '%'", "put the value in quotes")
    } else if info.contains("unknown anchor") {
        (
            "this alias names an anchor that does not stand before it",
            "define it first: '&name value'",
        )
    } else if info.contains("did not find expected key") || info.contains("expected '-' indicator")
    {
        (
            "this line does not continue what is above it",
            "items of one list and keys of one mapping begin in the same column",
        )
    } else if info.contains("unprintable") {
        ("this is a control character, not text", "is it a binary file?")
    } else if info.contains("in quoted scalar")
        || info.contains("quoted scalar, found unexpected end")
    {
        ("a quoted text is never closed", "close it with the quote it began with")
    } else if info.contains("flow") || info.contains("bracket") || info.contains("placement of ':'")
    {
        (
            "this does not fit between the brackets",
            "check that every '[' and '{' is closed and items are separated by ','",
        )
    } else {
        return (
            format!("not well-formed YAML: {info}"),
            "check the quotes, brackets and indentation at this place and just above it".to_owned(),
        );
    };
    (message.to_owned(), hint.to_owned())
}
