//! The rules of the house, checked on the source tree: `cargo xtask tidy`, and a test of its own.
//!
//! Each rule is data: where it holds, what it looks for, why it is there and how to get right with it.

mod lexer;
mod manifest;
mod markdown;
mod rules;
mod shape;

use std::fmt;

use crate::{
    steps::{Failure, Outcome},
    tree::{self, File},
};

/// A rule of the house.
struct Rule {
    /// Its name, as shown in a finding.
    name: &'static str,
    /// Which files it holds for.
    covers: fn(&File) -> bool,
    /// What breaks it.
    find: Find,
    /// Why the rule is there.
    why: &'static str,
    /// What to do about a finding.
    cure: &'static str,
}

/// What breaks a rule.
enum Find {
    /// Any of these words in code; comments, literals and tests do not count.
    InCode(&'static [&'static str]),
    /// Any of these words anywhere in the text. The rules themselves are exempt: they name what they forbid.
    InText(&'static [&'static str]),
    /// The same, whatever their case.
    InProse(&'static [&'static str]),
    /// What this function finds: line numbers from 1, and what is there. The second argument is the whole tree.
    With(fn(&File, &[File]) -> Vec<Place>),
}

/// A line and what is wrong with it.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    line: usize,
    what: String,
}

/// One breach of one rule.
struct Finding {
    path: String,
    place: Place,
    rule: &'static Rule,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { path, place: Place { line, what }, rule: Rule { name, why, cure, .. } } =
            self;
        write!(f, "{path}:{line}: {name}: {what}\n  why:  {why}\n  cure: {cure}")
    }
}

/// Checks the tree of this repository: one check for each rule.
pub(crate) fn run() -> Outcome {
    let files = tree::read(&tree::root())
        .map_err(|error| Failure::one(format!("cannot read the source tree: {error}")))?;
    let findings = check(&files, rules::RULES);
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() as u64 {
        0 => Ok(rules::RULES.len() as u64),
        failed => {
            Err(Failure { why: format!("the tree breaks its rules in {failed} places"), failed })
        }
    }
}

/// Applies the rules; what they found, in order of path.
fn check(files: &[File], rules: &'static [Rule]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        let code = if file.is_rust() { lexer::code_of(&file.text) } else { String::new() };
        for rule in rules.iter().filter(|rule| (rule.covers)(file)) {
            let places = match rule.find {
                Find::InCode(words) => words_in(lexer::without_tests(&code), words),
                Find::InText(_) | Find::InProse(_) if file.is_in("xtask/src/tidy/") => Vec::new(),
                Find::InText(words) => words_in(&file.text, words),
                Find::InProse(words) => words_in(&file.text.to_lowercase(), words),
                Find::With(find) => find(file, files),
            };
            findings.extend(places.into_iter().map(|place| Finding {
                path: file.path.clone(),
                place,
                rule,
            }));
        }
    }
    findings
}

/// Where any of the words stands, as a whole word where it begins or ends in a letter.
fn words_in(text: &str, words: &[&str]) -> Vec<Place> {
    let mut places = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for word in words {
            if line.match_indices(word).any(|(at, _)| is_whole(line, at, word)) {
                places.push(Place { line: index + 1, what: format!("`{word}`") });
            }
        }
    }
    places
}

fn is_whole(line: &str, at: usize, word: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let joined =
        |a: Option<char>, b: Option<char>| a.is_some_and(is_word) && b.is_some_and(is_word);
    let (before, after) = (&line[..at], &line[at + word.len()..]);
    !joined(before.chars().next_back(), word.chars().next())
        && !joined(word.chars().next_back(), after.chars().next())
}

#[cfg(test)]
mod tests;
