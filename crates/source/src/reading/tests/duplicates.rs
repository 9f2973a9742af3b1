//! Inputs that are given twice.

use super::*;

const LINES: u64 = SHORT_LINES as u64;

/// What is in the place of each input that was not counted: its name, the other's, and whether that goes on.
fn duplicates(reading: &Reading) -> Vec<(String, String, bool)> {
    let mut found = Vec::new();
    for file in &reading.files {
        if let Some(Duplicate { of, is_beginning }) = &file.duplicate {
            let (Input::Path(path), Input::Path(of)) = (&file.input, of) else {
                panic!("{file:?}")
            };
            assert_eq!((file.lines, file.parsed), (0, 0));
            found.push((names(path), names(of), *is_beginning));
        }
    }
    found
}

fn found(list: &[(&str, &str, bool)]) -> Vec<(String, String, bool)> {
    list.iter().map(|(a, b, is)| ((*a).to_owned(), (*b).to_owned(), *is)).collect()
}

/// Reads in both orders.
fn check(inputs: &[Input], expected: &[(&str, &str, bool)], parsed: u64) {
    let reading = read_all(inputs);
    assert_eq!(duplicates(&reading), found(expected));
    assert_eq!(reading.parsed, parsed);
    let backwards: Vec<Input> = inputs.iter().rev().cloned().collect();
    let other = read_all(&backwards);
    assert_eq!(other.files, reading.files);
    assert_eq!(counted(&other), counted(&reading));
}

#[test]
fn the_same_content_counts_once_whatever_it_is_called_and_however_it_is_packed() {
    let folder = Folder::new();
    let text = short_text();
    let plain = folder.write("m.log", &text);
    check(&[plain.clone(), plain.clone()], &[("m.log", "m.log", false)], LINES);

    fs::hard_link(folder.path("m.log"), folder.path("hard")).unwrap();
    let hard = Input::Path(folder.path("hard"));
    check(&[plain.clone(), hard.clone()], &[("m.log", "hard", false)], LINES);

    let packed = folder.write("a.gz", &gzip(&text));
    let other = folder.write("b.zst", &zstd(&text));
    let all = [packed.clone(), plain, other, hard];
    let expected = [("a.gz", "hard", false), ("b.zst", "hard", false), ("m.log", "hard", false)];
    check(&all, &expected, LINES);
    check(&[packed.clone(), packed], &[("a.gz", "a.gz", false)], LINES);
}

#[test]
fn an_older_copy_of_a_log_that_grew_counts_once() {
    let folder = Folder::new();
    let text = short_text();
    let (old, older) = (text.len() / 2, text.len() / 3);
    let now = folder.write("access.log", &text);
    let yesterday = folder.write("yesterday.log", &text[..old]);
    check(&[now.clone(), yesterday.clone()], &[("yesterday.log", "access.log", true)], LINES);

    let packed = folder.write("before.gz", &gzip(&text[..older]));
    let copy = folder.write("copy.log", &text[..old]);
    let tiny = folder.write("tiny.log", &text[..150]);
    let expected = [
        ("before.gz", "access.log", true),
        ("copy.log", "access.log", true),
        ("tiny.log", "access.log", true),
        ("yesterday.log", "access.log", true),
    ];
    check(&[now.clone(), packed, copy, tiny, yesterday], &expected, LINES);

    let truncated = gzip(&text);
    let truncated = folder.write("broken.gz", &truncated[..truncated.len() / 2]);
    check(&[truncated, now], &[("broken.gz", "access.log", true)], LINES);
}

#[test]
fn what_differs_is_counted_however_late_it_does() {
    let folder = Folder::new();
    let text = short_text();
    let mut other = text.clone();
    let last = other.len() - 2;
    other[last] ^= 1;
    let (a, b) = (folder.write("a.log", &text), folder.write("b.log", &other));
    check(&[a.clone(), b], &[], 2 * LINES);
    // Empty files hold the same nothing; that is not worth a word.
    let (c, d) = (folder.write("c.log", b""), folder.write("d.log", b""));
    check(&[a, c, d], &[], LINES);
}

#[test]
fn headers_alone_make_no_duplicates() {
    let folder = Folder::new();
    let header = b"#Version: 1.0\n#Fields: something\n";
    let a = folder.write("a.log", &[header, samples()[0].line().as_bytes()].concat());
    let b = folder.write("b.log", &[header, samples()[1].line().as_bytes()].concat());
    check(&[a, b], &[], 2);
}

#[test]
fn many_logs_that_open_alike_are_told_apart() {
    let folder = Folder::new();
    let text = String::from_utf8(short_text()).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    // Fifty lines are more than what is kept of the opening.
    let with = |count: usize, last: &str| lines[..count].concat() + last;
    let mut inputs = Vec::new();
    for at in 0..20 {
        let own = folder.write(&format!("{at:02}.log"), with(50, lines[100 + at]).as_bytes());
        inputs.push(own);
    }
    inputs.push(folder.write("again.gz", &gzip(with(50, lines[103]).as_bytes())));
    inputs.push(folder.write("beginning.log", with(50, "").as_bytes()));
    inputs.push(folder.write("longer.log", (with(50, lines[105]) + lines[0]).as_bytes()));
    let reading = read_all(&inputs);
    let found_ = duplicates(&reading);
    assert_eq!(
        found_,
        found(&[
            ("05.log", "longer.log", true),
            ("again.gz", "03.log", false),
            ("beginning.log", "longer.log", true),
        ])
    );
    assert_eq!(reading.parsed, 19 * 51 + 52);
}
