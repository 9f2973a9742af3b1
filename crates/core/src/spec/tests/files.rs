//! Whole files: text, size, lists and documents.

use expect_test::expect;

use super::{codes, read_texts, told};
use crate::{
    limits::{DOCUMENT_BYTES_MAX, PROBLEMS_PER_FILE_MAX},
    spec::{Problem, code, read},
};

const SERVICE: &str = "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: a}\n";

fn problems_of(bytes: &[u8]) -> Vec<Problem> {
    read(&[("file.yaml".to_owned(), bytes.to_vec())]).1
}

#[test]
fn problems_name_place_rule_and_cure() {
    expect![[r#"
        0.yaml:4:3: error[unknown-field] metadata.dispalyName: unknown field
          hint: did you mean displayName?
        0.yaml:5:9: error[bad-name] metadata.name: "My Service" is not an RFC 1123 label: a-z, 0-9 and '-', with a letter or digit at both ends
          hint: for example my-service
        0.yaml:7:3: error[unknown-field] spec.markdown: unknown field
          hint: known here: description"#]]
    .assert_eq(&told(&["\
apiVersion: openslo/v1
kind: Service
metadata:
  dispalyName: x
  name: My Service
spec:
  markdown: x
"]));
}

#[test]
fn files_without_a_document_are_pointed_out() {
    for text in ["", "\n\n", "# only a comment\n", "---\n---\n", "null", "[]", "\u{feff}"] {
        assert_eq!(codes(&[text]), ["error[empty-file] "], "{text:?}");
    }
}

#[test]
fn other_bytes_than_utf_8_are_pointed_out_where_they_stand() {
    let problems = problems_of(b"a: 1\n\xc3\xa4b: \xff\n");
    assert_eq!(problems.len(), 1);
    assert_eq!((problems[0].code, problems[0].line, problems[0].column), (code::NOT_UTF8, 2, 5));
    for bytes in [&b"\xff\xfea\0:\0"[..], b"\x1f\x8b\x08\0", b"\x89PNG\r\n\x1a\n", &[0x80]] {
        assert_eq!(problems_of(bytes)[0].code, code::NOT_UTF8, "{bytes:?}");
    }
    assert_eq!(problems_of(&[0; 100])[0].code, code::SYNTAX);
}

#[test]
fn files_are_bounded() {
    let mut text = SERVICE.to_owned();
    text.push_str(&"#".repeat(DOCUMENT_BYTES_MAX - text.len()));
    assert_eq!(problems_of(text.as_bytes()), []);
    text.push('#');
    assert_eq!(problems_of(text.as_bytes())[0].code, code::TOO_LARGE);
}

#[test]
fn problems_are_bounded_and_the_rest_is_counted() {
    let fields: Vec<String> =
        (0..PROBLEMS_PER_FILE_MAX + 50).map(|i| format!("field{i}: x")).collect();
    let fields = fields.join(
        "
",
    );
    let problems = problems_of(format!("{SERVICE}{fields}").as_bytes());
    assert_eq!(problems.len(), PROBLEMS_PER_FILE_MAX + 1);
    let last = problems.iter().find(|problem| problem.code == code::MORE_PROBLEMS).unwrap();
    assert_eq!(last.message, "50 more problems follow");
    // Also those that are not listed keep an object from being used.
    assert!(
        read(&[("f".to_owned(), format!("{SERVICE}{fields}").into_bytes())]).0.services.is_empty()
    );
}

#[test]
fn objects_stand_in_documents_and_lists() {
    let list = "- {apiVersion: openslo/v1, kind: Service, metadata: {name: b}}\n- {apiVersion: openslo/v1, kind: \
                Service, metadata: {name: c}}\n";
    let (docs, problems) = read_texts(&[
        &format!("{SERVICE}---\n{list}"),
        "[{\"apiVersion\": \"openslo/v1\", \
        \"kind\": \"Service\", \"metadata\": {\"name\": \"d\"}}]",
    ]);
    assert_eq!(problems, []);
    let names: Vec<&str> =
        docs.services.iter().map(|placed| placed.doc.metadata.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
    assert_eq!(docs.objects, 4);
    assert_eq!(docs.services[2].place("metadata.name").to_string(), "0.yaml:6:60");
}

#[test]
fn objects_with_errors_are_left_out() {
    let (docs, _) =
        read_texts(&[&format!("{SERVICE}---\n{}", SERVICE.replace("name: a", "name: B C"))]);
    assert_eq!((docs.objects, docs.services.len()), (2, 1));
}

#[test]
fn problems_come_in_the_order_of_the_files() {
    let broken = SERVICE.replace("{name: a}", "{name: A B, x: y}");
    let (_, problems) = read(&[
        ("b.yaml".to_owned(), broken.clone().into_bytes()),
        ("a.yaml".to_owned(), broken.replace("A B", "C D").into_bytes()),
    ]);
    let order: Vec<(&str, u32)> = problems.iter().map(|p| (p.path.as_str(), p.column)).collect();
    assert_eq!(order, [("a.yaml", 18), ("a.yaml", 23), ("b.yaml", 18), ("b.yaml", 23)]);
}
