//! Somebody who gives commands with idempotency keys, and remembers every answer.

use std::{collections::BTreeMap, thread, time::Duration};

use serde_json::{Value, json};

use crate::{
    common::house::{Answer, Ask, Client, Storm},
    dice::Dice,
    pusher::{Minute, written},
};

/// So many of a sort are enough: nobody may have more than a hundred tokens.
const MANY: usize = 80;

/// What a commander did.
#[derive(Debug, Default, Clone, Copy)]
pub struct Deeds {
    pub done: u64,
    pub repeats: u64,
    /// Sent twice at the same moment.
    pub twins: u64,
    pub retried: u64,
}

/// Who gives commands.
pub struct Commander {
    dice: Dice,
    sli: String,
    begin: Minute,
    /// Every command with its answer.
    given: Vec<(Ask, Answer)>,
    /// The exclusions that must be in force.
    exclusions: BTreeMap<String, Value>,
    /// The people who must be there, and whether they were erased.
    people: BTreeMap<String, bool>,
    /// The tokens that must be there: their text, where it came, and whether they were revoked.
    tokens: BTreeMap<String, (Option<String>, bool)>,
    /// The newest entry of the journal before the first command.
    head: u64,
    pub deeds: Deeds,
}

impl Commander {
    /// Gives commands about this SLI.
    pub fn new(dice: Dice, sli: &str, begin: Minute, client: &Client, storm: &Storm) -> Self {
        let head = head(client, storm);
        Commander {
            dice,
            sli: sli.to_owned(),
            begin,
            given: Vec::new(),
            exclusions: BTreeMap::new(),
            people: BTreeMap::new(),
            tokens: BTreeMap::new(),
            head,
            deeds: Deeds::default(),
        }
    }

    /// Gives commands until the storm is over.
    pub fn run(&mut self, client: &Client, storm: &Storm) {
        while !storm.is_over() {
            match self.dice.within(0..10) {
                0..=2 if self.exclusions.len() < MANY => self.exclude(client, storm),
                3..=4 => self.add_person(client, storm),
                5 if self.valid_tokens() < MANY => self.issue_token(client, storm),
                8..=9 => self.repeat(client, storm),
                _ => self.take_back(client, storm),
            }
            storm.pause(Duration::from_millis(self.dice.within(0..20)));
        }
    }

    fn valid_tokens(&self) -> usize {
        self.tokens.values().filter(|(_, is_revoked)| !is_revoked).count()
    }

    fn exclude(&mut self, client: &Client, storm: &Storm) {
        let from = self.begin + self.dice.within(0..5_000) as i64;
        let to = from + self.dice.within(1..60) as i64;
        let reason = format!("disks are swapped for the {}th time", self.given.len());
        let (from, to) = (written(from), written(to));
        // The same minutes twice would be refused.
        if self.exclusions.values().any(|one| one["from"] == from && one["to"] == to) {
            return;
        }
        let body = json!({"sli": self.sli, "from": from, "to": to, "reason": reason});
        let answer = self.give(Ask::post("/api/v1/exclusions", body), 201, client, storm);
        self.exclusions.insert(answer["id"].as_str().unwrap().to_owned(), answer);
    }

    fn add_person(&mut self, client: &Client, storm: &Storm) {
        let handle = format!("person-{}", self.given.len());
        self.give(Ask::post("/api/v1/people", json!({"handle": handle})), 201, client, storm);
        self.people.insert(handle, false);
    }

    fn issue_token(&mut self, client: &Client, storm: &Storm) {
        let body = json!({"label": format!("{}", self.given.len()), "scopes": ["read"]});
        let answer = self.give(Ask::post("/api/v1/tokens", body), 201, client, storm);
        let text = answer["text"].as_str().map(str::to_owned);
        self.tokens.insert(answer["id"].as_str().unwrap().to_owned(), (text, false));
    }

    /// Takes back something that was done.
    fn take_back(&mut self, client: &Client, storm: &Storm) {
        let valid = self.tokens.iter().filter(|(_, (_, is_revoked))| !is_revoked);
        let here = self.people.iter().filter(|(_, is_erased)| !**is_erased);
        let path = match self.dice.within(0..4) {
            0 => valid.map(|(id, _)| format!("tokens/{id}")).next(),
            1 => here.map(|(handle, _)| format!("people/{handle}")).next(),
            _ => {
                let all: Vec<&String> = self.exclusions.keys().collect();
                self.dice.pick(&all).map(|id| format!("exclusions/{id}"))
            }
        };
        let Some(path) = path else { return };
        self.give(Ask::delete(&format!("/api/v1/{path}")), 204, client, storm);
        let (noun, id) = path.split_once('/').unwrap();
        match noun {
            "tokens" => self.tokens.get_mut(id).unwrap().1 = true,
            "people" => *self.people.get_mut(id).unwrap() = true,
            _ => drop(self.exclusions.remove(id)),
        }
    }

    /// Gives a command with a key of its own until it is answered; now and then twice at the same moment.
    fn give(&mut self, ask: Ask, status: u16, client: &Client, storm: &Storm) -> Value {
        let ask = ask.keyed(&format!("command-{}", self.given.len()));
        let twin = self.dice.one_in(8).then(|| (ask.clone(), client.clone()));
        let (first, twin) = thread::scope(|scope| {
            let twin = twin.map(|(ask, client)| scope.spawn(move || client.send(&ask)));
            (client.send(&ask), twin.and_then(|twin| twin.join().unwrap()))
        });
        let answer = match first {
            Some(answer) if answer.status != 503 => answer,
            _ => {
                self.deeds.retried += 1;
                client.insist(&ask, storm)
            }
        };
        assert_eq!(answer.status, status, "{ask:?}: {answer:?}");
        let mut body = answer.body.clone();
        if let Some(twin) = twin.filter(|twin| twin.status != 503) {
            assert_eq!(plain(&twin), plain(&answer), "{ask:?}");
            if body["text"].is_null() && twin.body["text"].is_string() {
                body = twin.body;
            }
            self.deeds.twins += 1;
        }
        self.given.push((ask, answer));
        self.deeds.done += 1;
        body
    }

    /// The same key gives the same answer, and with another request none.
    fn repeat(&mut self, client: &Client, storm: &Storm) {
        let Some((ask, answer)) = self.dice.pick(&self.given).cloned() else { return };
        let again = client.insist(&ask, storm);
        assert_eq!(plain(&again), plain(&answer), "{ask:?}");
        self.deeds.repeats += 1;
        if ask.path == "/api/v1/people" && self.dice.one_in(4) {
            let other = Ask { body: Some(json!({"handle": "somebody-else"})), ..ask };
            let refused = client.insist(&other, storm);
            assert_eq!(refused.status, 422, "{other:?}: {refused:?}");
            assert_eq!(refused.body["type"], "/problems/idempotency-key-reused");
        }
    }

    /// What was done is so, was done once, and nothing else was.
    pub fn check(&mut self, client: &Client, storm: &Storm) {
        let exclusions = client.list("/api/v1/exclusions", storm);
        let mut wanted: Vec<&Value> = self.exclusions.values().collect();
        let mut found: Vec<&Value> = exclusions.iter().collect();
        wanted.sort_by_key(|one| one["id"].to_string());
        found.sort_by_key(|one| one["id"].to_string());
        assert_eq!(found, wanted);
        let people: BTreeMap<String, bool> = client
            .list("/api/v1/people", storm)
            .into_iter()
            .filter(|one| one["handle"] != "ada")
            .map(|one| (one["handle"].as_str().unwrap().to_owned(), !one["erased"].is_null()))
            .collect();
        assert_eq!(people, self.people);
        let tokens: BTreeMap<String, bool> = client
            .list("/api/v1/tokens", storm)
            .into_iter()
            .map(|one| (one["id"].as_str().unwrap().to_owned(), !one["revoked"].is_null()))
            .collect();
        let wanted = self.tokens.iter().map(|(id, (_, is_revoked))| (id.clone(), *is_revoked));
        assert_eq!(tokens, wanted.collect());
        // Too many wrong tokens would be slowed down.
        let revoked = self.tokens.values().filter(|(_, is_revoked)| *is_revoked).take(2);
        let valid = self.tokens.values().filter(|(_, is_revoked)| !is_revoked);
        for (text, is_revoked) in revoked.chain(valid) {
            let Some(text) = text else { continue };
            let shown = client.with_token(text);
            let answer = shown.insist(&Ask::get("/api/v1/journal/head"), storm);
            assert_eq!(answer.status, if *is_revoked { 401 } else { 200 }, "{answer:?}");
        }
        let commanded = entries(client, storm, self.head);
        assert_eq!(commanded, self.deeds.done, "each command is one entry of the journal");
    }
}

/// The number of the newest entry.
fn head(client: &Client, storm: &Storm) -> u64 {
    client.get("/api/v1/journal/head", storm)["seq"].as_u64().unwrap()
}

/// How many entries there are behind this one, without decisions, which nobody commands.
fn entries(client: &Client, storm: &Storm, behind: u64) -> u64 {
    let (mut after, head) = (behind, head(client, storm));
    let mut count = 0;
    while after < head {
        let page = client.get(&format!("/api/v1/journal?after={after}&limit=1000"), storm);
        for entry in page["items"].as_array().unwrap() {
            after = entry["seq"].as_u64().unwrap();
            count += u64::from(entry["event"]["type"] != "decision.made");
        }
    }
    count
}

/// An answer without the secret, which is shown once.
fn plain(answer: &Answer) -> Answer {
    let mut answer = answer.clone();
    if let Some(body) = answer.body.as_object_mut() {
        body.remove("text");
    }
    answer
}
