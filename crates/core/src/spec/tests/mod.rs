//! Documents as a set: files, references, objectives, our own kinds; and that no bytes make reading panic.

mod accesslog;
mod files;
mod mutation;
mod policy;
mod published;
mod references;
mod slos;

use super::{Docs, Problem, lints, read, slos as convert};

/// Reads texts as files `0.yaml`, `1.yaml`, ….
fn read_texts(texts: &[&str]) -> (Docs, Vec<Problem>) {
    let files: Vec<(String, Vec<u8>)> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| (format!("{index}.yaml"), text.as_bytes().to_vec()))
        .collect();
    read(&files)
}

/// All problems that `plimsoll check` would tell, as people see them.
fn told(texts: &[&str]) -> String {
    let (docs, mut problems) = read_texts(texts);
    problems.extend(convert(&docs).1);
    problems.extend(lints::thresholds(&docs));
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The problems as `severity[code] field`.
fn codes(texts: &[&str]) -> Vec<String> {
    let (docs, mut problems) = read_texts(texts);
    problems.extend(convert(&docs).1);
    problems.extend(lints::thresholds(&docs));
    problems
        .iter()
        .map(|problem| format!("{}[{}] {}", problem.severity, problem.code, problem.field))
        .collect()
}

/// A sound SLO of one objective, with these lines in its `spec`.
fn slo(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: {name}}}\nspec:\n  service: web\n  timeWindow: \
         [{{duration: 4w, isRolling: true}}]\n  budgetingMethod: Occurrences\n{spec}"
    )
}

/// The `spec` lines of an indicator by name and one objective.
const BY_NAME: &str = "  indicatorRef: answers\n  objectives: [{target: 0.99}]\n";

/// An indicator over a source that this program does not read.
fn sli(name: &str) -> String {
    let query = "{metricSource: {type: Prometheus, spec: {query: q}}}";
    format!(
        "apiVersion: openslo/v1\nkind: SLI\nmetadata: {{name: {name}}}\nspec: {{ratioMetric: {{good: {query}, total: \
         {query}}}}}\n"
    )
}

#[test]
fn every_rule_is_documented() {
    let rules = concat!(include_str!("../code.rs"), include_str!("../../promise/lint.rs"));
    let documents = concat!(
        include_str!("../../../../../docs/reference/documents.md"),
        include_str!("../../../../../docs/reference/openslo-contradictions.md")
    );
    let names: Vec<&str> = rules
        .lines()
        .filter(|line| line.starts_with("pub const ") && line.contains(": &str = \""))
        .filter_map(|line| line.split('"').nth(1))
        .collect();
    assert!(names.len() > 60, "only {} rules found", names.len());
    for name in names {
        assert!(documents.contains(&format!("`{name}`")), "{name} is not documented");
    }
}
