//! Which names a log has after it was rotated.

use std::path::Path;

/// Whether a rotated copy of a log at `a` may be called `b`, or the other way round: in the same folder, with the same
/// name but for a number, a date, how it is packed, or whatever is put behind it.
pub(super) fn is_related(a: &str, b: &str) -> bool {
    let (a, b) = (Path::new(a), Path::new(b));
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let (Some(a_name), Some(b_name)) = (name(a), name(b)) else { return false };
    let is_same = stem(&a_name) == stem(&b_name);
    a.parent() == b.parent() && (is_same || goes_on(&a_name, &b_name) || goes_on(&b_name, &a_name))
}

/// Whether `longer` is `name` and something behind it, as `access.log.bak` is.
fn goes_on(name: &str, longer: &str) -> bool {
    longer.strip_prefix(name).is_some_and(|end| end.starts_with(ENDS))
}

/// What ends a name where something is put behind it.
const ENDS: [char; 4] = ['.', '-', '_', '~'];

/// The part of a name that rotation does not change: `access` of `access.log`, `access.log.2.gz`,
/// `access-20260302.log` and `access.log-2026-03-02_17`.
fn stem(name: &str) -> &str {
    let is_end = |at: &usize| name[at + 4..].is_empty() || name[at + 4..].starts_with(ENDS);
    let named = name.match_indices(".log").map(|(at, _)| at).find(is_end);
    let mut stem = &name[..named.unwrap_or(name.len())];
    loop {
        let shorter = [".gz", ".zst", ".log", ".txt", ".json"]
            .iter()
            .find_map(|end| stem.strip_suffix(end))
            .unwrap_or_else(|| without_turn(stem));
        if shorter == stem || shorter.is_empty() {
            return stem;
        }
        stem = shorter;
    }
}

/// The name without the number or date of a rotation: `.3`, `-20260302`, `.2026-03-02`, `-1772409600`.
fn without_turn(name: &str) -> &str {
    let is_turn = |c: char| c.is_ascii_digit() || "-_:.T".contains(c);
    let base = name.trim_end_matches(is_turn);
    let turn = &name[base.len()..];
    let digits = turn.bytes().filter(u8::is_ascii_digit).count();
    // `app-1` is a name; `app.1` is the first turn of `app`.
    let is_rotation = turn.starts_with('.') && digits > 0 || digits >= 6;
    if is_rotation { base } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_names_are_related() {
        for name in [
            "access.log.1",
            "access.log.12.gz",
            "access.log-20260302",
            "access.log-20260302.zst",
            "access-20260302.log",
            "access.1.log",
            "access.log.2026-03-02",
            "access.log-2026-03-02_17:00",
            "access.log-1772409600.gz",
            "access",
            "access.log.bak",
            "access.log~",
        ] {
            assert!(is_related("/var/log/access.log", &format!("/var/log/{name}")), "{name}");
        }
    }

    #[test]
    fn other_logs_are_not() {
        for (a, b) in [
            ("/a/access.log", "/b/access.log.1"),
            ("/a/app-1.log", "/a/app-2.log"),
            ("/a/app1.log", "/a/app2.log"),
            ("/a/www.example.com-access.log", "/a/www.example.org-access.log"),
            ("/a/access.log", "/a/error.log"),
            ("/a/access.log", "/a/access.login"),
            ("/a/.log", "/a/b.log"),
        ] {
            assert!(!is_related(a, b), "{a} {b}");
        }
        assert_eq!((stem(".1"), stem(".log")), (".1", ""));
        assert!(is_related("/a/access.log.1", "/a/access.log.bak7"));
    }
}
