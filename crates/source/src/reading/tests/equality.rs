//! The same log counts the same, however it comes.

use std::{collections::BTreeMap, process::Command, thread};

use plimsoll_core::{
    measure::{
        gap::{self, Gap},
        service::{self, By},
    },
    time::Minute,
};

use super::*;

#[test]
fn counts_are_those_of_the_lines_that_were_written() {
    let reading = read_bytes(&text());
    let samples = samples();
    assert_eq!([reading.lines, reading.parsed], [samples.len() as u64; 2]);
    assert_eq!(reading.tally.first_s(), samples.first().map(|sample| sample.at_s));
    assert_eq!(reading.tally.last_s(), samples.last().map(|sample| sample.at_s));

    // Good, bad, excluded, timed, timed within 300 ms.
    let mut expected: BTreeMap<(&str, i64), [u64; 5]> = BTreeMap::new();
    for sample in &samples {
        let host = sample.host.trim_end_matches(":443");
        let cell = expected.entry((host, sample.at_s / 60)).or_default();
        match sample.status {
            499 => cell[2] += 1,
            503 => cell[1] += 1,
            _ => cell[0] += 1,
        }
        if sample.status != 499 {
            cell[3] += 1;
            cell[4] += u64::from(sample.millis <= 300);
        }
    }
    let activity = reading.tally.activity();
    let services = service::find(reading.tally, By::Auto);
    assert_eq!(services.by, By::Vhost);
    let mut found = BTreeMap::new();
    for service in &services.list {
        for (minute, cell) in service.series.iter() {
            let counts = [cell.good, cell.bad, cell.excluded, cell.timed, cell.within[3]];
            found.insert((service.name.as_str(), minute.0), counts);
        }
    }
    assert_eq!(found, expected);

    let missing = gap::missing(&activity, Gap::default());
    let spans: Vec<(Minute, Minute)> = missing.iter().map(|m| (m.span.from, m.span.to)).collect();
    let day = |day: i64| Minute::of_second(START_S + day * 86_400);
    assert_eq!(spans, [(day(2), day(3))]);
    assert_eq!(missing[0].predicted, 1440);
}

#[test]
fn packing_changes_nothing() {
    let text = text();
    let plain = counted(&read_bytes(&text));
    let (first, second) = text.split_at(text.len() / 3 + 17);
    let skippable: &[u8] = &[0x5a, 0x2a, 0x4d, 0x18, 5, 0, 0, 0, b'h', b'e', b'l', b'l', b'o'];
    for (name, container, bytes) in [
        ("gzip", Container::Gzip, gzip(&text)),
        ("gzip of two members", Container::Gzip, [gzip(first), gzip(second)].concat()),
        ("gzip with padding", Container::Gzip, [gzip(&text), vec![0; 1000]].concat()),
        ("gzip with an empty member", Container::Gzip, [gzip(b""), gzip(&text)].concat()),
        ("zstd", Container::Zstd, zstd(&text)),
        ("zstd of two frames", Container::Zstd, [zstd(first), zstd(second)].concat()),
        (
            "zstd with frames to skip",
            Container::Zstd,
            [skippable, &zstd(first), skippable, &zstd(second), skippable].concat(),
        ),
    ] {
        for threads in [1, 3] {
            let folder = Folder::new();
            // A name says nothing.
            let input = folder.write("access.txt", &bytes);
            let reading = read_with(&[input], &Options { threads: count(threads), ..options() });
            assert_eq!(reading.files[0].container, Some(container), "{name}");
            assert_eq!(reading.files[0].problem, None, "{name}");
            assert_eq!(counted(&reading), plain, "{name}");
        }
    }
}

#[test]
fn files_may_be_named_in_any_order() {
    let text = text();
    let line_end = |at: usize| at + text[at..].iter().position(|b| *b == b'\n').unwrap() + 1;
    let (first, second) = (line_end(text.len() / 4), line_end(text.len() / 2));
    let folder = Folder::new();
    let parts = [
        folder.write("z.log.2.gz", &gzip(&text[..first])),
        folder.write("m.log.1", &text[first..second]),
        folder.write("a.log", &zstd(&text[second..])),
    ];
    let plain = counted(&read_bytes(&text));
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        for threads in [1, 2, 3] {
            let inputs = order.map(|part| parts[part].clone());
            let reading = read_with(&inputs, &Options { threads: count(threads), ..options() });
            assert_eq!(counted(&reading), plain, "{order:?}");
            let read: Vec<&Input> = reading.files.iter().map(|file| &file.input).collect();
            assert_eq!(read, parts.iter().collect::<Vec<_>>(), "in order of time");
        }
    }
}

#[test]
fn threads_and_chunks_change_nothing() {
    let mut text: Vec<u8> =
        samples().iter().take(30).flat_map(|sample| sample.line().into_bytes()).collect();
    text.extend(b"# a comment\r\n\r\nnot a request\n\nnor this");
    let folder = Folder::new();
    let plain = folder.write("access.log", &text);
    let packed = folder.write("access.gz", &gzip(&text));
    let expected = read_all(std::slice::from_ref(&plain));
    assert_eq!([expected.parsed, expected.malformed, expected.skipped], [30, 2, 3]);
    assert_eq!(expected.files[0].examples.iter().map(|e| e.line).collect::<Vec<_>>(), [33, 35]);
    for threads in [1, 2, 3] {
        for (chunk, block) in [(1, 1), (2, 100), (7, 3), (100, 7), (130, 131), (10_000, 64)] {
            let options = Options {
                threads: count(threads),
                chunk_bytes: count(chunk),
                block_bytes: count(block),
                ..options()
            };
            for input in [&plain, &packed] {
                let reading = read_with(std::slice::from_ref(input), &options);
                assert_eq!(counted(&reading), counted(&expected), "{threads} {chunk} {block}");
                assert_eq!(reading.files[0].examples, expected.files[0].examples);
            }
        }
    }
}

#[test]
fn pipes_are_read_once_and_may_be_compressed() {
    let text = text();
    let plain = counted(&read_bytes(&text));
    for bytes in [text.clone(), gzip(&text), zstd(&text)] {
        let folder = Folder::new();
        let path = folder.path("pipe");
        let made = Command::new("mkfifo").arg(&path).status();
        if !made.is_ok_and(|status| status.success()) {
            println!("skipped: there is no mkfifo");
            return;
        }
        let reading = thread::scope(|scope| {
            scope.spawn(|| fs::write(&path, &bytes).unwrap());
            read_all(&[Input::Path(path.clone())])
        });
        assert_eq!(reading.files[0].bytes, None);
        assert_eq!(counted(&reading), plain);
    }
}

#[test]
fn progress_ends_at_the_total() {
    let text = text();
    let folder = Folder::new();
    let plain = folder.write("plain", &text);
    let packed = folder.write("packed", &gzip(&text[..text.len() / 2]));
    let sizes = [text.len() as u64, gzip(&text[..text.len() / 2]).len() as u64];
    for (inputs, total) in [
        (vec![plain.clone()], sizes[0]),
        // It is the beginning of the other, and is not read.
        (vec![plain, packed.clone()], sizes[0]),
        (vec![packed], sizes[1]),
    ] {
        let seen = std::sync::Mutex::new(Vec::new());
        read_logs(&inputs, &options(), &|progress| seen.lock().unwrap().push(progress));
        let seen = seen.into_inner().unwrap();
        let done = seen.iter().map(|progress| progress.done_bytes).max();
        assert_eq!((done, seen[0].total_bytes), (Some(total), Some(total)));
    }
}
