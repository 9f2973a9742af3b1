//! `metadata` of v1.

use super::{RATIO_SLO, SERVICE, check, check_with};

#[test]
fn metadata_and_name_are_required() {
    check_with(SERVICE, "metadata: {name: ok}\n", "", &["error[missing-field] metadata"]);
    check_with(SERVICE, "{name: ok}", "{}", &["error[missing-field] metadata"]);
    check_with(SERVICE, "name: ok", "displayName: Okay", &["error[missing-field] metadata.name"]);
    check_with(SERVICE, "name: ok", "name: \"\"", &["error[missing-field] metadata.name"]);
    check_with(SERVICE, "name: ok", "name: 5", &["error[wrong-type] metadata.name"]);
    check_with(SERVICE, "name: ok", "name: ok, nme: x", &["error[unknown-field] metadata.nme"]);
}

#[test]
fn names_are_dns_labels() {
    for name in ["a", "0", "123-abc", "a--b", &"l".repeat(63)] {
        check_with(SERVICE, "name: ok", &format!("name: \"{name}\""), &[]);
    }
    for name in [
        "my service",
        "-a",
        "a-",
        "a_b",
        "a.b",
        "ä",
        "a/b",
        &"l".repeat(64),
        &"MY SERVICE".repeat(20),
    ] {
        check_with(
            SERVICE,
            "name: ok",
            &format!("name: \"{name}\""),
            &["error[bad-name] metadata.name"],
        );
    }
}

#[test]
fn capital_letters_in_names_are_the_specifications_own() {
    for name in ["AlertPolicy", "OnCallDevopsMailNotification", "cloudWatch-prod"] {
        let expected = ["warning[name-with-capitals] metadata.name"];
        check_with(SERVICE, "name: ok", &format!("name: {name}"), &expected);
    }
    check_with(SERVICE, "name: ok", "name: Web_1", &["error[bad-name] metadata.name"]);
    check_with(
        RATIO_SLO,
        "alertPolicyRef: policy",
        "alertPolicyRef: Policy",
        &["warning[name-with-capitals] spec.alertPolicies[0].alertPolicyRef"],
    );
}

#[test]
fn display_names_are_short() {
    let with =
        |name: String| SERVICE.replace("name: ok", &format!("name: ok, displayName: {name}"));
    check(&with("x".repeat(63)), &[]);
    check(&with("ü".repeat(63)), &[]);
    check(&with("x".repeat(64)), &["error[too-long] metadata.displayName"]);
}

fn with_label(key: &str, value: &str) -> String {
    SERVICE.replace("{name: ok}", &format!("\n  name: ok\n  labels:\n    \"{key}\": {value}"))
}

#[test]
fn label_values_are_texts_or_lists_of_texts() {
    for value in ["prod", "[this, that]", "[]", "", "\"\"", "[\"\"]", "Any Text"] {
        check(&with_label("net", value), &[]);
    }
    check(&with_label("net", "5"), &["error[wrong-type] metadata.labels.net"]);
    check(&with_label("net", "[a, 5]"), &["error[wrong-type] metadata.labels.net[1]"]);
    check(&with_label("net", "{a: b}"), &["error[wrong-type] metadata.labels.net"]);
}

#[test]
fn label_keys_are_bounded() {
    let longest = "l".repeat(63);
    for key in [longest.as_str(), "net_this.that-this", "net_.-this", "9net", "net9", "nEt", "n"] {
        check(&with_label(key, "[]"), &[]);
    }
    for key in ["net_", "net-", "_net", "-net", "a b", "a/b", ""] {
        check(
            &with_label(key, "[]"),
            &[&format!("error[bad-label] metadata.labels{}", shown(key))],
        );
    }
    let too_long = "l".repeat(64);
    check(&with_label(&too_long, "[]"), &[&format!("error[bad-label] metadata.labels.{too_long}")]);
}

/// A key within a path.
fn shown(key: &str) -> String {
    let is_word =
        !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if is_word { format!(".{key}") } else { format!("['{key}']") }
}

fn with_annotation(key: &str, value: &str) -> String {
    SERVICE.replace("{name: ok}", &format!("\n  name: ok\n  annotations:\n    \"{key}\": {value}"))
}

#[test]
fn annotation_keys_may_have_a_prefix() {
    let longest_prefix = ["l"; 3].map(|l| l.repeat(63)).join(".");
    let longest = format!("{longest_prefix}/{}", "l".repeat(63));
    for key in [
        "net",
        "9net",
        "nEt",
        "openslo.com/service",
        "domain/service",
        "domain.this.org/service.foo",
        "my-org.com/spec.indicator.metricSource",
        &longest,
    ] {
        check(&with_annotation(key, "this"), &[]);
        check(&with_annotation(key, ""), &[]);
    }
    for key in [
        "net_",
        ".net",
        "openslo.com/",
        "openslo.com!/service",
        "-openslo.com/service",
        ".openslo.com/service",
        "openslo.com./service",
        "openslo.com-/service",
        "openslo..this.com/service",
        "openslo.this-.com/service",
        "openslo_this.org/service",
        "Domain/service",
        "a/b/c",
    ] {
        check(
            &with_annotation(key, "x"),
            &[&format!("error[bad-annotation] metadata.annotations{}", shown(key))],
        );
    }
    for key in
        ["l".repeat(64), format!("{}/net", "l".repeat(64)), format!("{}/net", "l.".repeat(127))]
    {
        let problems = super::problems(&with_annotation(&key, "x"));
        assert_eq!(problems.len(), 1, "{key}: {problems:?}");
        assert!(problems[0].starts_with("error[bad-annotation]"), "{key}: {problems:?}");
    }
}

#[test]
fn annotation_values_are_texts() {
    check(&with_annotation("a", "true"), &["error[wrong-type] metadata.annotations.a"]);
    check(&with_annotation("a", "[b]"), &["error[wrong-type] metadata.annotations.a"]);
    check(&with_annotation("a", "\"true\""), &[]);
}

#[test]
fn our_annotations_belong_to_slos() {
    let expected = ["error[bad-annotation] metadata.annotations['plimsoll/no-data']"];
    check(&with_annotation("plimsoll/no-data", "bad"), &expected);
}
