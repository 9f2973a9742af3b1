//! Markdown: one title a file, and links that lead somewhere.

use std::path::{Component, Path};

use super::Place;
use crate::tree::{self, File};

/// A file with no title, or with several.
pub(crate) fn titles(file: &File, _: &[File]) -> Vec<Place> {
    let titles: Vec<usize> = prose(&file.text)
        .filter(|(_, line)| line.starts_with("# "))
        .map(|(line, _)| line)
        .collect();
    match titles.as_slice() {
        [_] => Vec::new(),
        [] => vec![Place { line: 1, what: "no title (`# …`)".to_owned() }],
        [_, more @ ..] => more
            .iter()
            .map(|&line| Place { line, what: "a second title (`# …`)".to_owned() })
            .collect(),
    }
}

/// Relative links to files or headings that do not exist.
pub(crate) fn dead_links(file: &File, files: &[File]) -> Vec<Place> {
    let mut places = Vec::new();
    for (line, text) in prose(&file.text) {
        for link in links(text).filter(|link| !link.contains("://") && !link.starts_with("mailto:"))
        {
            if let Some(what) = dead(file, link, files) {
                places.push(Place { line, what: format!("`{link}`: {what}") });
            }
        }
    }
    places
}

fn dead(file: &File, link: &str, files: &[File]) -> Option<&'static str> {
    let (path, anchor) =
        link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let target = if path.is_empty() { Some(file.path.clone()) } else { resolve(&file.path, path) };
    let Some(target) = target else { return Some("leads out of the repository") };
    let known = files.iter().find(|file| file.path == target);
    match (known, anchor) {
        (None, _) if tree::root().join(&target).exists() => None,
        (None, _) => Some("there is no such file"),
        (Some(known), Some(anchor)) if known.is_markdown() && !has_heading(&known.text, anchor) => {
            Some("there is no such heading")
        }
        _ => None,
    }
}

/// The path that a link in the file `from` leads to, from the root.
fn resolve(from: &str, link: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in Path::new(link).components() {
        match part {
            Component::ParentDir => {
                parts.pop()?;
            }
            Component::Normal(name) => parts.push(name.to_str()?),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

/// Whether a heading of this text has this anchor: lower case, blanks as hyphens, punctuation dropped.
fn has_heading(text: &str, anchor: &str) -> bool {
    prose(text).filter(|(_, line)| line.starts_with('#')).any(|(_, line)| {
        let heading = line.trim_start_matches('#').trim().to_lowercase();
        let kept = heading.chars().filter(|&c| c.is_alphanumeric() || "-_ ".contains(c));
        kept.map(|c| if c == ' ' { '-' } else { c }).eq(anchor.chars())
    })
}

/// Lines with their numbers from 1, without fenced code.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        (!fenced && !fence).then_some((index + 1, line))
    })
}

/// The targets of `[text](target)` in a line, outside inline code.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("](").filter_map(|(at, _)| {
        let in_code = line[..at].matches('`').count() % 2 == 1 && line[at..].contains('`');
        let target = line[at + 2..].split(')').next()?;
        (!in_code).then(|| target.split(' ').next().unwrap_or(target))
    })
}
