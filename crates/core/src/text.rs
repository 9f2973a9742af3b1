//! Text for people, made of text from anywhere.

/// At most so many characters of a name from outside stand in a message.
const SHOWN_CHARS: usize = 60;

/// The beginning of a text, for a message about it.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
