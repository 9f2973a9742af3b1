//! Tells code from comments and literals, well enough for rules about words and braces.

/// Stands for a character inside a literal.
pub(crate) const LITERAL: char = '\u{a0}';

/// The source with every character of a comment replaced by a space and every one of a string or character literal
/// by [`LITERAL`]. Line breaks stay, so line numbers hold.
pub(crate) fn code_of(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut code = String::with_capacity(source.len());
    let mut at = 0;
    while at < chars.len() {
        let blank = literal_length(&chars, at);
        if blank == 0 {
            code.push(chars[at]);
            at += 1;
        } else {
            let filler = if chars[at] == '/' { ' ' } else { LITERAL };
            code.extend(chars[at..at + blank].iter().map(|&c| if c == '\n' { c } else { filler }));
            at += blank;
        }
    }
    code
}

/// The code of a source file (as [`code_of`] gives it) without its inline module of tests, which stands last.
pub(crate) fn without_tests(code: &str) -> &str {
    code.match_indices("#[cfg(test)]")
        .find(|(at, attribute)| {
            let item = code[at + attribute.len()..].trim_start();
            item.starts_with("mod ")
                && item.find(['{', ';']).is_some_and(|end| item[end..].starts_with('{'))
        })
        .map_or(code, |(at, _)| &code[..at])
}

/// How many characters from `at` belong to a comment or literal that begins there; 0 when none does.
fn literal_length(chars: &[char], at: usize) -> usize {
    let rest = &chars[at..];
    let joined = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    match rest {
        ['/', '/', ..] => rest.iter().position(|&c| c == '\n').unwrap_or(rest.len()),
        ['/', '*', ..] => block_comment(rest),
        ['"', ..] => quoted(rest, '"'),
        ['\'', ..] => character(rest),
        ['b', '\'', ..] if !joined => 1 + character(&rest[1..]),
        ['b' | 'c', '"', ..] if !joined => 1 + quoted(&rest[1..], '"'),
        ['r', '"' | '#', ..] if !joined => raw_string(rest, 1),
        ['b' | 'c', 'r', '"' | '#', ..] if !joined => raw_string(rest, 2),
        _ => 0,
    }
}

fn block_comment(rest: &[char]) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at + 1 < rest.len() {
        match (rest[at], rest[at + 1]) {
            ('/', '*') => depth += 1,
            ('*', '/') => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn quoted(rest: &[char], quote: char) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            '\\' => at += 2,
            c if c == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// A character literal; a lifetime such as `'a` is code.
fn character(rest: &[char]) -> usize {
    match rest {
        ['\'', '\\', ..] => quoted(rest, '\''),
        ['\'', _, '\'', ..] => 3,
        _ => 0,
    }
}

/// A raw string whose hashes begin after `prefix` letters; `r#type` is code.
fn raw_string(rest: &[char], prefix: usize) -> usize {
    let hashes = rest[prefix..].iter().take_while(|&&c| c == '#').count();
    let open = prefix + hashes;
    if rest.get(open) != Some(&'"') {
        return 0;
    }
    let closes = |at: usize| {
        rest[at] == '"'
            && rest[at + 1..].iter().take(hashes).filter(|&&c| c == '#').count() == hashes
    };
    (open + 1..rest.len()).find(|&at| closes(at)).map_or(rest.len(), |at| at + 1 + hashes)
}
