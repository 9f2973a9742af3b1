//! Somebody who pushes samples, and remembers what was acknowledged.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use crate::{
    common::house::{Ask, Client, Storm},
    dice::Dice,
};

/// A minute, as minutes since 1970.
pub type Minute = i64;

/// What the server shows of minutes: state, good events, bad events.
pub type Shown = BTreeMap<Minute, (&'static str, u64, u64)>;

/// How it is written.
pub fn written(minute: Minute) -> String {
    jiff::Timestamp::from_second(minute * 60).unwrap().to_string()
}

/// What was sent of a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Measured(u64, u64),
    NoTraffic,
    Missing,
}

impl Slot {
    fn any(dice: &mut Dice) -> Self {
        match dice.within(0..20) {
            0 => Slot::NoTraffic,
            1 => Slot::Missing,
            _ => Slot::Measured(dice.within(1..100_000), dice.within(0..300)),
        }
    }

    fn sample(self, minute: Minute) -> Value {
        let minute = written(minute);
        match self {
            Slot::Measured(good, bad) => json!({"minute": minute, "good": good, "bad": bad}),
            Slot::NoTraffic => json!({"minute": minute, "state": "no_traffic"}),
            Slot::Missing => json!({"minute": minute, "state": "missing"}),
        }
    }

    /// As the server shows it.
    fn shown(self) -> (&'static str, u64, u64) {
        match self {
            Slot::Measured(good, bad) => ("measured", good, bad),
            Slot::NoTraffic => ("no_traffic", 0, 0),
            Slot::Missing => ("missing", 0, 0),
        }
    }
}

/// What is sent at once of one SLI.
#[derive(Debug, Clone)]
struct Part {
    sli: usize,
    generation: u64,
    minutes: Vec<(Minute, Slot)>,
}

/// One SLI, as it must be.
#[derive(Debug)]
struct Book {
    name: String,
    generation: u64,
    /// The next minute in order.
    next: Minute,
    known: BTreeMap<Minute, (u64, Slot)>,
}

/// What a pusher did.
#[derive(Debug, Default, Clone, Copy)]
pub struct Deeds {
    pub acknowledged: u64,
    pub minutes: u64,
    pub repeats: u64,
    pub refused: u64,
    pub given_up: u64,
    /// Sent again after the answer to it was lost.
    pub retried: u64,
}

/// Who pushes.
pub struct Pusher {
    dice: Dice,
    books: Vec<Book>,
    begin: Minute,
    end: Minute,
    /// What was acknowledged lately.
    lately: Vec<Vec<Part>>,
    /// What was sent once and never answered: it is there as a whole, or not.
    doubtful: Vec<Vec<Part>>,
    pub deeds: Deeds,
}

impl Pusher {
    /// Pushes these SLIs, of this stretch of time.
    pub fn new(dice: Dice, slis: &[String], begin: Minute, end: Minute) -> Self {
        let book = |name: &String| Book {
            name: name.clone(),
            generation: 1,
            next: begin,
            known: BTreeMap::new(),
        };
        let (lately, doubtful) = (Vec::new(), Vec::new());
        let books = slis.iter().map(book).collect();
        Pusher { dice, books, begin, end, lately, doubtful, deeds: Deeds::default() }
    }

    /// Pushes until the storm is over.
    pub fn run(&mut self, client: &Client, storm: &Storm) {
        while !storm.is_over() {
            match self.dice.within(0..12) {
                0..=4 => self.push(1, false, client, storm),
                5 => self.push(3, false, client, storm),
                6..=7 => self.push(1, true, client, storm),
                8..=9 => self.repeat(client, storm),
                10 => self.contradict(client, storm),
                _ => self.look(client, storm),
            }
            storm.pause(Duration::from_millis(self.dice.within(0..8)));
        }
    }

    /// Minutes of some SLIs: new ones, or better counts for old ones.
    fn push(&mut self, slis: usize, is_correction: bool, client: &Client, storm: &Storm) {
        let first = self.dice.within(0..self.books.len() as u64) as usize;
        let slis = (0..slis.min(self.books.len())).map(|n| (first + n) % self.books.len());
        let slis: Vec<usize> = slis.collect();
        let parts: Vec<Part> = slis
            .into_iter()
            .filter_map(|sli| if is_correction { self.correction(sli) } else { self.fresh(sli) })
            .collect();
        if parts.is_empty() {
            return;
        }
        if self.dice.one_in(25) {
            // Sent once; whatever comes of it, nobody asks again.
            match client.send(&self.ask(&parts)) {
                Some(answer) if answer.status == 200 => self.acknowledge(parts, &answer.body),
                _ => {
                    self.deeds.given_up += 1;
                    self.doubtful.push(parts);
                }
            }
            return;
        }
        let body = self.insist(&parts, client, storm);
        self.acknowledge(parts, &body);
    }

    /// Sends until it is taken.
    fn insist(&mut self, parts: &[Part], client: &Client, storm: &Storm) -> Value {
        let ask = self.ask(parts);
        let answer = match client.send(&ask) {
            Some(answer) if answer.status != 503 => answer,
            _ => {
                self.deeds.retried += 1;
                client.insist(&ask, storm)
            }
        };
        assert_eq!(answer.status, 200, "{ask:?}: {answer:?}");
        answer.body
    }

    fn acknowledge(&mut self, parts: Vec<Part>, body: &Value) {
        let sent: u64 = parts.iter().map(|part| part.minutes.len() as u64).sum();
        let kept = body["changed"].as_u64().unwrap() + body["repeated"].as_u64().unwrap();
        assert_eq!(kept, sent, "{body}");
        for Part { sli, generation, minutes } in &parts {
            let fresh = minutes.iter().map(|(minute, slot)| (*minute, (*generation, *slot)));
            self.books[*sli].known.extend(fresh);
        }
        self.deeds.acknowledged += 1;
        self.deeds.minutes += sent;
        self.lately.push(parts);
        if self.lately.len() > 50 {
            self.lately.remove(0);
        }
    }

    /// Minutes of which nothing was sent yet: the next in order, or some that were left out.
    fn fresh(&mut self, sli: usize) -> Option<Part> {
        let is_doubtful = |minute| doubts(&self.doubtful, sli, minute);
        let book = &mut self.books[sli];
        let count = self.dice.within(1..40) as i64;
        let from = if self.dice.one_in(4) && book.next > self.begin {
            self.dice.within(self.begin as u64..book.next as u64) as i64
        } else {
            let from =
                book.next + if self.dice.one_in(3) { self.dice.within(1..90) as i64 } else { 0 };
            book.next = (from + count).min(self.end);
            from
        };
        let until = (from + count).min(self.end);
        let minutes: Vec<(Minute, Slot)> = (from..until)
            .filter(|minute| !book.known.contains_key(minute) && !is_doubtful(*minute))
            .map(|minute| (minute, Slot::any(&mut self.dice)))
            .collect();
        (!minutes.is_empty()).then_some(Part { sli, generation: book.generation, minutes })
    }

    /// Other counts for minutes that are there, with a generation above any before.
    fn correction(&mut self, sli: usize) -> Option<Part> {
        let is_doubtful = |minute| doubts(&self.doubtful, sli, minute);
        let book = &mut self.books[sli];
        if book.next == self.begin {
            return None;
        }
        book.generation += self.dice.within(1..3);
        let from = self.dice.within(self.begin as u64..book.next as u64) as i64;
        let until = (from + self.dice.within(1..60) as i64).min(self.end);
        let minutes: Vec<(Minute, Slot)> = (from..until)
            .filter(|minute| !is_doubtful(*minute))
            .map(|minute| (minute, Slot::any(&mut self.dice)))
            .collect();
        (!minutes.is_empty()).then_some(Part { sli, generation: book.generation, minutes })
    }

    /// What was acknowledged changes nothing when it is sent again.
    fn repeat(&mut self, client: &Client, storm: &Storm) {
        let Some(parts) = self.dice.pick(&self.lately).cloned() else { return };
        if !parts.iter().all(|part| self.is_newest(part)) {
            return;
        }
        let body = self.insist(&parts, client, storm);
        let sent: usize = parts.iter().map(|part| part.minutes.len()).sum();
        assert_eq!(body, json!({"changed": 0, "repeated": sent}), "{parts:?}");
        self.deeds.repeats += 1;
    }

    fn is_newest(&self, part: &Part) -> bool {
        let known = &self.books[part.sli].known;
        part.minutes.iter().all(|(minute, slot)| {
            known.get(minute) == Some(&(part.generation, *slot))
                && !doubts(&self.doubtful, part.sli, *minute)
        })
    }

    /// Other counts with the same generation are refused, and with them what came along.
    fn contradict(&mut self, client: &Client, storm: &Storm) {
        let Some(parts) = self.dice.pick(&self.lately).cloned() else { return };
        let part = &parts[0];
        if !self.is_newest(part) {
            return;
        }
        let book = &self.books[part.sli];
        let (minute, _) = part.minutes[0];
        let mut minutes = vec![(minute, Slot::Measured(self.dice.within(200_000..300_000), 7))];
        let unknown =
            (book.next..self.end).filter(|minute| !book.known.contains_key(minute)).take(2);
        minutes.extend(unknown.map(|minute| (minute, Slot::Measured(1, 1))));
        let parts = vec![Part { sli: part.sli, generation: part.generation, minutes }];
        let answer = client.insist(&self.ask(&parts), storm);
        assert_eq!(answer.status, 409, "{parts:?}: {answer:?}");
        assert_eq!(answer.body["type"], "/problems/generation-conflict");
        self.deeds.refused += 1;
    }

    fn ask(&self, parts: &[Part]) -> Ask {
        let samples = |part: &Part| -> Vec<Value> {
            part.minutes.iter().map(|(minute, slot)| slot.sample(*minute)).collect()
        };
        if let [part] = parts {
            let path = format!("/api/v1/slis/{}/samples", self.books[part.sli].name);
            let body = json!({"generation": part.generation, "minutes": samples(part)});
            return Ask::post(&path, body);
        }
        let batch = |part: &Part| {
            let sli = &self.books[part.sli].name;
            json!({"sli": sli, "generation": part.generation, "minutes": samples(part)})
        };
        let batches: Vec<Value> = parts.iter().map(batch).collect();
        Ask::post("/api/v1/samples", json!({"batches": batches}))
    }

    /// What was acknowledged can be read at once.
    fn look(&mut self, client: &Client, storm: &Storm) {
        let Some(parts) = self.dice.pick(&self.lately).cloned() else { return };
        let part = &parts[0];
        let Book { name, known, .. } = &self.books[part.sli];
        let (first, last) = (part.minutes[0].0, part.minutes[part.minutes.len() - 1].0);
        let shown = shown(client, name, first, last + 1, storm);
        for (minute, _) in &part.minutes {
            if !doubts(&self.doubtful, part.sli, *minute) {
                let (_, slot) = known[minute];
                assert_eq!(shown[minute], slot.shown(), "{name} {}", written(*minute));
            }
        }
    }

    /// Everything that was acknowledged is there, and nothing else; what is in doubt is there as a whole or not.
    pub fn check(&mut self, client: &Client, storm: &Storm) {
        let shown: Vec<_> = self
            .books
            .iter()
            .map(|book| shown(client, &book.name, self.begin, self.end, storm))
            .collect();
        for parts in std::mem::take(&mut self.doubtful) {
            self.settle(parts, &shown);
        }
        for (book, shown) in self.books.iter().zip(&shown) {
            for (minute, found) in shown {
                let known = book.known.get(minute);
                let wanted = known.map_or(("missing", 0, 0), |(_, slot)| slot.shown());
                let place = format!("{} {} {known:?}", book.name, written(*minute));
                assert_eq!(*found, wanted, "{place}");
            }
        }
    }

    /// Finds out what became of something that was never answered. No later push touched its minutes.
    fn settle(&mut self, parts: Vec<Part>, shown: &[Shown]) {
        let mut is_there = None;
        for Part { sli, minutes, .. } in &parts {
            for (minute, slot) in minutes {
                let before =
                    self.books[*sli].known.get(minute).map_or(Slot::Missing, |(_, slot)| *slot);
                if before != *slot {
                    let found = shown[*sli][minute] == slot.shown();
                    let place = || format!("{} {}", self.books[*sli].name, written(*minute));
                    assert_eq!(*is_there.get_or_insert(found), found, "half of it at {}", place());
                }
            }
        }
        if is_there == Some(false) {
            return;
        }
        for Part { sli, generation, minutes } in parts {
            let minutes = minutes.into_iter().map(|(minute, slot)| (minute, (generation, slot)));
            self.books[sli].known.extend(minutes);
        }
    }

    /// What the server says of all of its minutes: the same after a backup was restored.
    pub fn shown(&self, client: &Client, storm: &Storm) -> Vec<Shown> {
        let books = self.books.iter();
        books.map(|book| shown(client, &book.name, self.begin, self.end, storm)).collect()
    }
}

fn doubts(doubtful: &[Vec<Part>], sli: usize, minute: Minute) -> bool {
    let parts = doubtful.iter().flatten().filter(|part| part.sli == sli);
    parts.flat_map(|part| &part.minutes).any(|(at, _)| *at == minute)
}

/// The minutes of an SLI as the server shows them.
pub fn shown(client: &Client, sli: &str, from: Minute, to: Minute, storm: &Storm) -> Shown {
    let (begin, end) = (written(from), written(to));
    let answer = client.get(&format!("/api/v1/slis/{sli}/slots?from={begin}&to={end}"), storm);
    let minutes = answer["minutes"].as_array().unwrap();
    assert_eq!(minutes.len() as i64, to - from);
    let minute = |(minute, slot): (Minute, &Value)| {
        let state = match slot["state"].as_str().unwrap() {
            "measured" => "measured",
            "no_traffic" => "no_traffic",
            "partial" => "partial",
            _ => "missing",
        };
        assert_eq!(slot["minute"], written(minute));
        (minute, (state, slot["good"].as_u64().unwrap(), slot["bad"].as_u64().unwrap()))
    };
    (from..to).zip(minutes).map(minute).collect()
}
