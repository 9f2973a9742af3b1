//! Words that people say: reasons, titles, names.

use smol_str::SmolStr;

use crate::command::Refusal;

/// Words that people will read: not empty, not too long, on one line. Blanks around them are taken off.
pub(crate) fn checked(text: &str, what: &str, bytes_max: usize) -> Result<SmolStr, Refusal> {
    let text = text.trim();
    let hint = || format!("write 1 to {bytes_max} bytes of plain text, on one line");
    if text.is_empty() {
        return Err(Refusal::invalid(format!("the {what} is missing"), hint()));
    }
    if text.len() > bytes_max || text.chars().any(char::is_control) {
        let what = format!("the {what} is too long or holds control characters");
        return Err(Refusal::invalid(what, hint()));
    }
    Ok(text.into())
}
