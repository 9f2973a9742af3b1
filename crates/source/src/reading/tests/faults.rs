//! Inputs that cannot be read, or not to their end.

use std::io::Read;

use flate2::read::GzDecoder;
use plimsoll_core::measure::accesslog::detect;

use super::*;

#[test]
fn what_cannot_be_opened_is_reported_and_the_rest_is_read() {
    let folder = Folder::new();
    let good = folder.write("good.log", &short_text());
    let missing = Input::Path(folder.path("missing.log"));
    let directory = Input::Path(folder.0.path().to_owned());
    let reading = read_all(&[missing.clone(), directory.clone(), good.clone()]);
    assert_eq!(reading.parsed, SHORT_LINES as u64);
    let problem = |input: &Input| {
        let file = reading.files.iter().find(|file| file.input == *input).unwrap();
        file.problem.as_ref().map(ToString::to_string)
    };
    assert_eq!(problem(&good), None);
    assert!(problem(&missing).unwrap().starts_with("does not exist. Check the name"));
    assert!(problem(&directory).unwrap().starts_with("is a directory. Name the logs in it"));
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_says_so() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    let input = folder.write("secret.log", &short_text());
    fs::set_permissions(folder.path("secret.log"), fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(folder.path("secret.log")).is_ok() {
        println!("skipped: root may read everything");
        return;
    }
    assert!(problem(&read_all(&[input])).starts_with("may not be read"));
}

/// Lines of a text that end within it.
fn whole_lines(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}

#[test]
fn truncated_gzip_counts_what_is_there() {
    let packed = gzip(&short_text());
    for length in [11, 100, packed.len() / 2, packed.len() - 9, packed.len() - 8, packed.len() - 1]
    {
        let mut there = Vec::new();
        assert!(GzDecoder::new(&packed[..length]).read_to_end(&mut there).is_err());
        let reading = read_bytes(&packed[..length]);
        let problem = problem(&reading);
        assert!(problem.starts_with("ends within compressed data"), "{length}: {problem}");
        assert_eq!(reading.parsed, whole_lines(&there), "{length}");
    }
}

#[test]
fn truncated_zstd_counts_what_is_there() {
    let packed = zstd(&text());
    let mut last = 0;
    for length in [5, 100, packed.len() / 4, packed.len() / 2, packed.len() - 5, packed.len() - 1] {
        let reading = read_bytes(&packed[..length]);
        let problem = problem(&reading);
        assert!(problem.starts_with("ends within compressed data"), "{length}: {problem}");
        assert!(last <= reading.parsed && reading.parsed <= samples().len() as u64, "{length}");
        last = reading.parsed;
    }
    assert!(last > 0);
}

#[test]
fn damage_is_noticed() {
    let text = short_text();
    for (packed, name) in [(gzip(&text), "gzip"), (zstd(&text), "zstd")] {
        for at in [packed.len() / 2, packed.len() - 3] {
            let mut damaged = packed.clone();
            damaged[at] ^= 0x10;
            let reading = read_bytes(&damaged);
            let problem = problem(&reading);
            assert!(
                problem.starts_with("is damaged") || problem.starts_with("ends within"),
                "{name} at {at}: {problem}"
            );
        }
    }
    let trailing = [gzip(&text), b"more".to_vec()].concat();
    let reading = read_bytes(&trailing);
    assert_eq!(reading.parsed, SHORT_LINES as u64);
    assert!(problem(&reading).contains("bytes behind the end"));
}

#[test]
fn a_problem_is_the_same_for_any_number_of_threads() {
    let packed = gzip(&text());
    let folder = Folder::new();
    let input = folder.write("access.log", &packed[..packed.len() / 2]);
    let readings = [1, 2, 3].map(|threads| {
        read_with(std::slice::from_ref(&input), &Options { threads: count(threads), ..options() })
    });
    for reading in &readings {
        assert_eq!(counted(reading), counted(&readings[0]));
        assert_eq!(reading.files, readings[0].files);
    }
}

#[test]
fn what_is_no_log_is_not_counted() {
    let utf_16: Vec<u8> = String::from_utf8(short_text())
        .unwrap()
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let utf_32: Vec<u8> = text().iter().flat_map(|byte| u32::from(*byte).to_be_bytes()).collect();
    // Magic number, no flags, an exponent of 18: a window of 2^28 bytes.
    let wide = [&[0x28, 0xb5, 0x2f, 0xfd, 0, 18 << 3][..], &[1, 0, 0]].concat();
    let marked = [&[0xff, 0xfe][..], &utf_16].concat();
    let mut tar = vec![b'x'; 1024];
    tar[257..262].copy_from_slice(b"ustar");
    let binary: Vec<u8> =
        (0..100_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for (bytes, expected) in [
        (marked, "is written in UTF-16. Convert it and pipe it in: iconv"),
        (utf_16, "is written in UTF-16"),
        (
            b"\xfd7zXZ\0....".to_vec(),
            "is packed with xz, which is not read. Unpack it and pipe it in: xz -dc",
        ),
        (b"BZh91AY&SY".to_vec(), "is packed with bzip2"),
        (b"PK\x03\x04....".to_vec(), "is packed with zip"),
        (tar.clone(), "is packed with tar"),
        (gzip(&tar), "is packed with tar"),
        (utf_32, "is written in UTF-32. Convert it and pipe it in: iconv -f UTF-32"),
        (gzip(&gzip(&short_text())), "is packed twice (gzip in gzip), which is not read"),
        (zstd(&gzip(&short_text())), "Unpack it once and pipe it in: zstd -dc FILE"),
        (wide, "(its window is 256 MiB, of which 128 MiB are allowed). Unpack it"),
        (gzip(&short_text())[..11].to_vec(), "ends within compressed data: it is incomplete. Copy"),
        (binary, "is not an access log (no known format reads its first lines"),
        (
            b"Dear Sir,\nhello\n".to_vec(),
            "such as `Dear Sir,`). If it is one, describe its lines with --pattern.",
        ),
        (vec![b'x'; 3 << 20], "is not an access log"),
        (vec![b'\n'; 3 << 20], "is not an access log"),
    ] {
        let reading = read_bytes(&bytes);
        assert!(problem(&reading).contains(expected), "{expected}: {}", problem(&reading));
        assert_eq!((reading.lines, reading.parsed), (0, 0), "{expected}");
    }
}

#[test]
fn nothing_is_no_problem() {
    for (text, lines) in [("", 0), ("\n", 1), ("# nothing yet\n\n", 2), ("#Version: 1.0", 1)] {
        for bytes in [text.as_bytes().to_vec(), gzip(text.as_bytes()), zstd(text.as_bytes())] {
            let reading = read_bytes(&bytes);
            assert_eq!(reading.files[0].problem, None, "{text:?}");
            assert_eq!([reading.lines, reading.skipped], [lines, lines], "{text:?}");
            assert_eq!(reading.tally.first_s(), None);
        }
    }
}

#[test]
fn a_given_format_is_used_for_every_input() {
    let sample = samples()[0].line();
    let format = detect(&[sample.trim_end().as_bytes()]);
    let folder = Folder::new();
    let log = folder.write("a.log", &short_text());
    let letter = folder.write("b.txt", b"Dear Sir,\nhello\n");
    let reading = read_with(&[log, letter], &Options { format, ..options() });
    assert_eq!([reading.parsed, reading.malformed], [SHORT_LINES as u64, 2]);
    assert!(reading.files.iter().all(|file| file.format.is_some()));
}

/// Looks at a log, lets somebody change it, and reads it.
fn read_after(bytes: &[u8], change: impl Fn(&Path)) -> FileReport {
    let folder = Folder::new();
    let input = folder.write("access.log", bytes);
    let options = Options { chunk_bytes: count(50_000), ..options() };
    let log = Log::look(&input, &options, &Arc::default()).unwrap();
    change(&folder.path("access.log"));
    let format = log.format.clone().unwrap();
    read(&[(&log, &format)], &options, &Arc::default(), &|_| {}).reports.remove(0)
}

#[test]
fn files_that_change_while_they_are_read_are_reported() {
    let text = short_text();
    let half = text.len() / 2;
    for packed in [text.clone(), gzip(&text), zstd(&text)] {
        let report = read_after(&packed, |path| fs::remove_file(path).unwrap());
        assert!(report.problem.unwrap().to_string().starts_with("does not exist"));
        assert_eq!(report.parsed, 0);

        let report = read_after(&packed, |path| fs::write(path, &text[half..]).unwrap());
        let problem = report.problem.unwrap().to_string();
        assert!(problem.starts_with("was replaced while it was read"), "{problem}");
        assert_eq!(report.parsed, 0);
    }
    let report = read_after(&text, |path| fs::write(path, &text[..half]).unwrap());
    let problem = report.problem.unwrap().to_string();
    assert!(problem.starts_with("became shorter while it was read"), "{problem}");
    assert_eq!(report.lines, text[..half].split_inclusive(|byte| *byte == b'\n').count() as u64);
}

#[test]
fn a_log_that_grows_is_read_up_to_the_line_it_had_begun() {
    let text = short_text();
    let line_end =
        text.len() / 2 + text[text.len() / 2..].iter().position(|b| *b == b'\n').unwrap();
    // It was caught in the middle of writing a line.
    let report = read_after(&text[..line_end - 20], |path| fs::write(path, &text).unwrap());
    assert_eq!(report.problem, None);
    assert_eq!(report.parsed, whole_lines(&text[..=line_end]));
    assert_eq!(report.malformed, 0);
}
