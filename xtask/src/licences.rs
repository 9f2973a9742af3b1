//! What we depend on, held against deny.toml: licences, banned crates, sources.

use std::fs;

use serde_json::Value;

use crate::{
    steps::{Failure, Outcome, cargo},
    tree,
};

/// Where every dependency must come from, as cargo names it.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// A package of the dependency tree.
struct Package {
    name: String,
    version: String,
    licence: String,
    /// `None` for our own crates.
    source: Option<String>,
}

/// What deny.toml says.
struct Rules {
    licences: Vec<String>,
    banned: Vec<String>,
}

/// Checks every package of the workspace's dependency tree, on all platforms.
pub(crate) fn run() -> Outcome {
    let rules = fs::read_to_string(tree::root().join("deny.toml"))
        .map_err(|error| Failure::one(format!("cannot read deny.toml: {error}")))?;
    let rules = Rules {
        licences: list(&rules, "licenses", "allow")?,
        banned: list(&rules, "bans", "deny")?,
    };
    let packages = packages()?;
    let problems: Vec<String> =
        packages.iter().filter_map(|package| problem(package, &rules)).collect();
    for problem in &problems {
        println!("{problem}");
    }
    match problems.len() as u64 {
        0 => Ok(1),
        failed => Err(Failure { why: format!("{failed} dependencies break deny.toml"), failed }),
    }
}

fn packages() -> Result<Vec<Package>, Failure> {
    let output = cargo(&["metadata", "--format-version", "1", "--locked"])
        .output()
        .map_err(|error| Failure::one(format!("cannot start cargo metadata: {error}")))?;
    if !output.status.success() {
        return Err(Failure::one(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| Failure::one(format!("cargo metadata is not JSON: {error}")))?;
    let text = |package: &Value, key: &str| package[key].as_str().map(str::to_owned);
    let listed = metadata["packages"].as_array().map_or(&[][..], Vec::as_slice);
    Ok(listed
        .iter()
        .map(|package| Package {
            name: text(package, "name").unwrap_or_default(),
            version: text(package, "version").unwrap_or_default(),
            licence: text(package, "license").unwrap_or_default(),
            source: text(package, "source"),
        })
        .collect())
}

/// What is wrong with a package, and what to do.
fn problem(package: &Package, rules: &Rules) -> Option<String> {
    let Package { name, version, licence, source } = package;
    let source = source.as_deref()?;
    let what = if rules.banned.contains(name) {
        "is banned: `cargo tree -i` shows who asks for it".to_owned()
    } else if source != CRATES_IO {
        format!("comes from {source}: take it from crates.io")
    } else if !allows(licence, &rules.licences) {
        format!(
            "is under `{licence}`: read the licence, then allow it in deny.toml or take another crate"
        )
    } else {
        return None;
    };
    Some(format!("{name} {version} {what}"))
}

/// The strings of the list `key` in the table `[table]`, one or more a line, as deny.toml writes them.
fn list(text: &str, table: &str, key: &str) -> Result<Vec<String>, Failure> {
    let found = text
        .split_once(&format!("\n[{table}]"))
        .map(|(_, rest)| rest.split("\n[").next().unwrap_or(rest))
        .and_then(|table| table.split_once(&format!("\n{key} = [")))
        .and_then(|(_, rest)| rest.split_once(']'))
        .map(|(list, _)| list.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>());
    match found {
        Some(list) if !list.is_empty() => Ok(list),
        _ => Err(Failure::one(format!("deny.toml: no list `{key}` in [{table}]"))),
    }
}

/// Whether an SPDX expression can be satisfied with the allowed licences. `/` is the old way to write `OR`.
fn allows(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    match alternatives(&words, allowed) {
        Some((holds, [])) => holds,
        _ => false,
    }
}

/// `a OR b OR …`: whether one holds, and the words after.
fn alternatives<'w, 't>(words: &'w [&'t str], allowed: &[String]) -> Option<(bool, &'w [&'t str])> {
    let (mut holds, mut rest) = conditions(words, allowed)?;
    while let ["OR", after @ ..] = rest {
        let (next, after) = conditions(after, allowed)?;
        (holds, rest) = (holds || next, after);
    }
    Some((holds, rest))
}

/// `a AND b AND …`: whether all hold, and the words after.
fn conditions<'w, 't>(words: &'w [&'t str], allowed: &[String]) -> Option<(bool, &'w [&'t str])> {
    let (mut holds, mut rest) = licence(words, allowed)?;
    while let ["AND", after @ ..] = rest {
        let (next, after) = licence(after, allowed)?;
        (holds, rest) = (holds && next, after);
    }
    Some((holds, rest))
}

/// One licence, with its exception, or an expression in parentheses.
fn licence<'w, 't>(words: &'w [&'t str], allowed: &[String]) -> Option<(bool, &'w [&'t str])> {
    match words {
        ["(", inner @ ..] => match alternatives(inner, allowed)? {
            (holds, [")", rest @ ..]) => Some((holds, rest)),
            _ => None,
        },
        ["OR" | "AND" | "WITH" | ")", ..] | [] => None,
        [name, "WITH", exception, rest @ ..] => {
            Some((allowed.contains(&format!("{name} WITH {exception}")), rest))
        }
        [name, rest @ ..] => Some((allowed.iter().any(|licence| licence == name), rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licence_expressions_are_weighed() {
        let allowed = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
        for good in [
            "MIT",
            "GPL-3.0 OR MIT",
            "MIT/GPL-2.0",
            "(GPL-3.0 OR MIT) AND Apache-2.0",
            "Apache-2.0 WITH LLVM-exception",
            "GPL-3.0 AND GPL-2.0 OR MIT",
        ] {
            assert!(allows(good, &allowed), "{good}");
        }
        for bad in
            ["", "GPL-3.0", "MIT AND GPL-3.0", "MIT WITH X", "(MIT", "MIT)", "MIT OR", "MIT MIT"]
        {
            assert!(!allows(bad, &allowed), "{bad}");
        }
    }

    #[test]
    fn a_package_is_refused_with_a_reason() {
        let rules = Rules { licences: vec!["MIT".into()], banned: vec!["bad".into()] };
        let shown = |name: &str, licence: &str, source: Option<&str>| {
            let (name, licence, source) = (name.into(), licence.into(), source.map(str::to_owned));
            problem(&Package { name, version: "1.0.0".into(), licence, source }, &rules)
        };
        assert_eq!(shown("own", "", None), None);
        assert_eq!(shown("good", "MIT", Some(CRATES_IO)), None);
        assert!(shown("bad", "MIT", Some(CRATES_IO)).unwrap().contains("banned"));
        assert!(
            shown("far", "MIT", Some("git+https://example.org/far"))
                .unwrap()
                .contains("comes from")
        );
        assert!(shown("free", "GPL-3.0", Some(CRATES_IO)).unwrap().contains("`GPL-3.0`"));
    }

    #[test]
    fn lists_are_read_or_missed() {
        let text =
            "# x\n[licenses]\nallow = [\n  \"MIT\", # why\n  \"ISC\",\n]\n[bans]\ndeny = []\n";
        assert_eq!(list(text, "licenses", "allow").unwrap(), ["MIT", "ISC"]);
        assert!(list(text, "bans", "deny").is_err());
        assert!(list(text, "sources", "allow").is_err());
    }
}
