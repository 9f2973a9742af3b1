//! Paths of the interface.

use std::fmt::Write as _;

/// The path of something: its steps below the root of the interface, whatever they are made of.
pub fn path(steps: &[&str]) -> String {
    let steps = steps.iter().map(|step| encoded(step));
    steps.fold("/api/v1".to_owned(), |path, step| path + "/" + &step)
}

/// A path with those of these parameters that have a value.
pub fn query(path: &str, parameters: &[(&str, Option<String>)]) -> String {
    let given = parameters.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    let pairs: Vec<String> =
        given.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// A text as a step of a path or a value of a query: everything but letters, digits, `-`, `.`, `_` and `~` as `%2F`.
/// A step of dots alone would be taken for a folder.
pub fn encoded(text: &str) -> String {
    let is_dots = !text.is_empty() && text.bytes().all(|byte| byte == b'.');
    let mut encoded = String::new();
    for byte in text.bytes() {
        let is_plain =
            byte.is_ascii_alphanumeric() || b"-_~".contains(&byte) || (byte == b'.' && !is_dots);
        if is_plain {
            encoded.push(byte.into());
        } else {
            // Writing to a String does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_step() {
        assert_eq!(path(&["slos", "web-1.0"]), "/api/v1/slos/web-1.0");
        assert_eq!(path(&["slos", "../people?a=b#c"]), "/api/v1/slos/..%2Fpeople%3Fa%3Db%23c");
        assert_eq!(path(&["slos", ".."]), "/api/v1/slos/%2E%2E");
        assert_eq!(encoded("Zürich 1"), "Z%C3%BCrich%201");
        let at = Some("2026-01-05T06:45:00+01:00".to_owned());
        assert_eq!(
            query("/x", &[("from", None), ("at", at)]),
            "/x?at=2026-01-05T06%3A45%3A00%2B01%3A00"
        );
        assert_eq!(query("/x", &[("from", None)]), "/x");
    }
}
