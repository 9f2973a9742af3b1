//! The shape of source files: how long files, lines and functions are, how they begin, where limits and floats stand.

use super::{
    Place,
    lexer::{LITERAL, code_of, without_tests},
};
use crate::tree::File;

const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 80;
const LINE_CHARACTERS_MAX: usize = 140;

/// A file that holds more than one thing.
pub(crate) fn long_file(file: &File, _: &[File]) -> Vec<Place> {
    let lines = file.text.lines().count();
    let what = || format!("{lines} lines; the limit is {FILE_LINES_MAX}");
    if lines > FILE_LINES_MAX { vec![Place { line: lines, what: what() }] } else { Vec::new() }
}

/// Lines that do not fit a screen. What stands in a string does not count: a log line in a test stays in one piece.
pub(crate) fn long_lines(file: &File, _: &[File]) -> Vec<Place> {
    let text = if file.is_rust() { code_of(&file.text) } else { file.text.clone() };
    let mut places = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let characters = line.chars().filter(|&c| c != LITERAL).count();
        if characters > LINE_CHARACTERS_MAX {
            let what = format!("{characters} characters; the limit is {LINE_CHARACTERS_MAX}");
            places.push(Place { line: index + 1, what });
        }
    }
    places
}

/// Functions that do not fit a screen, by counting braces.
pub(crate) fn long_functions(file: &File, _: &[File]) -> Vec<Place> {
    let code = code_of(&file.text);
    functions(&code)
        .into_iter()
        .filter(|function| function.lines > FUNCTION_LINES_MAX)
        .map(|Function { name, line, lines }| Place {
            line,
            what: format!("`fn {name}` has {lines} lines; the limit is {FUNCTION_LINES_MAX}"),
        })
        .collect()
}

/// A file that does not say what it holds.
pub(crate) fn no_heading(file: &File, _: &[File]) -> Vec<Place> {
    let said = file.text.lines().next().is_some_and(|line| line.starts_with("//! "));
    if said {
        Vec::new()
    } else {
        vec![Place { line: 1, what: "no `//!` line at the top".to_owned() }]
    }
}

/// Constants named as limits.
pub(crate) fn limits(file: &File, _: &[File]) -> Vec<Place> {
    let code = code_of(&file.text);
    let code = without_tests(&code);
    let mut places = Vec::new();
    for (index, line) in code.lines().enumerate() {
        let Some((_, constant)) = line.split_once("const ") else { continue };
        let name: String =
            constant.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if name.ends_with("_MAX") || name.ends_with("_MIN") {
            places.push(Place { line: index + 1, what: format!("`{name}`") });
        }
    }
    places
}

/// Float types and float literals.
pub(crate) fn floats(file: &File, _: &[File]) -> Vec<Place> {
    let code = code_of(&file.text);
    let code = without_tests(&code);
    let mut places = super::words_in(code, &["f32", "f64"]);
    for (index, line) in code.lines().enumerate() {
        if has_float_literal(line) {
            places.push(Place { line: index + 1, what: "a float literal".to_owned() });
        }
    }
    places
}

/// Digits, a point and digits; the fields of nested tuples (`pair.0.1`) follow a point or a name.
fn has_float_literal(line: &str) -> bool {
    let bytes = line.as_bytes();
    (1..bytes.len().saturating_sub(1)).any(|point| {
        let whole = bytes[..point].iter().rev().take_while(|b| b.is_ascii_digit()).count();
        let before = (point - whole).checked_sub(1).map(|at| bytes[at]);
        let named = before
            .is_some_and(|b| b == b'.' || b == b'_' || b == b')' || b.is_ascii_alphanumeric());
        bytes[point] == b'.' && bytes[point + 1].is_ascii_digit() && whole > 0 && !named
    })
}

struct Function<'a> {
    name: &'a str,
    line: usize,
    lines: usize,
}

/// Every function with a body.
fn functions(code: &str) -> Vec<Function<'_>> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + 3..];
        let name =
            rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
        if let (false, Some(length)) = (name.is_empty(), body_end(rest)) {
            let line = code[..at].matches('\n').count() + 1;
            found.push(Function { name, line, lines: rest[..length].matches('\n').count() + 1 });
        }
    }
    found
}

/// Where the function's body ends; `None` for a declaration without one.
fn body_end(rest: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut brackets = 0_usize;
    for (at, c) in rest.char_indices() {
        match c {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets = brackets.saturating_sub(1),
            ';' if depth == 0 && brackets == 0 => return None,
            '{' => depth += 1,
            '}' if depth <= 1 => return (depth == 1).then_some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}
