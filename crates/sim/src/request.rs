//! What clients ask for: commands that mostly make sense, about few things, so that they get in each other's way.

mod documents;
mod practice;

use plimsoll_core::{
    command::Command,
    marks::{Interval, Subject, attribution, exclusion},
    people::token::{self, Scope},
    promise::standing::BudgetId,
    time::Minute,
};

use crate::{audit::roll::Roll, dice::Dice};

/// What whoever asks can see.
pub struct View<'a> {
    /// What the journal says.
    pub roll: &'a Roll,
    /// What the clock says, in milliseconds since 1970.
    pub now_ms: i64,
    /// What is left of the budgets of each service, by its name.
    pub left: &'a dyn Fn(&str) -> Vec<(BudgetId, i64)>,
}

/// A command, and which person asks for it. `number` makes its words its own.
pub fn command(
    dice: &mut Dice,
    view: &View<'_>,
    number: usize,
    zone: &str,
) -> (Command, Option<String>) {
    let (roll, now) = (view.roll, view.now_ms.div_euclid(60_000));
    let is_bare = !roll.has("service", "shop") || roll.people.len() < 4;
    if dice.happens(if is_bare { 60 } else { 550 }) {
        return practice::command(dice, view, number);
    }
    let person = format!("p{}", dice.below(14));
    let command = match dice.weighed(&[24, 3, 12, 8, if is_bare { 40 } else { 12 }, 14, 8, 10, 6]) {
        0 => Command::AddPerson(person),
        1 => Command::ErasePerson(person),
        2 => Command::IssueToken(token::Wish {
            person,
            label: format!("request {number}"),
            scopes: Scope::ALL[..=dice.below(5) as usize].iter().copied().collect(),
            days: 1 + dice.below(366) as u32,
        }),
        3 => Command::RevokeToken(known(dice, roll.tokens.keys())),
        4 => documents::apply(dice, zone),
        5 => {
            let interval = interval(dice, roll, now);
            Command::Exclude(exclusion::Wish { interval, reason: format!("request {number}") })
        }
        6 => Command::UndoExclusion(known(dice, roll.exclusions.keys())),
        7 => Command::Attribute(attribution::Wish {
            interval: interval(dice, roll, now),
            kind: "incident".to_owned(),
            name: format!("INC-{}", dice.below(9)),
            reason: Some(format!("request {number}")),
        }),
        _ => Command::UndoAttribution(known(dice, roll.attributions.iter())),
    };
    (command, who(dice, roll))
}

/// Somebody who is here, often one of a few; rarely a rule, or somebody who is not.
fn who(dice: &mut Dice, roll: &Roll) -> Option<String> {
    let few = if dice.happens(500) { 4 } else { 14 };
    let here = roll.people.iter().filter(|(_, is_here)| **is_here).map(|(person, _)| person);
    let here: Vec<&String> = here.take(few).collect();
    match dice.pick(&here) {
        Some(person) if dice.happens(950) => Some((*person).clone()),
        _ if dice.happens(500) => None,
        _ => Some(format!("p{}", dice.below(14))),
    }
}

/// One of those that are there, mostly.
fn known<'a>(dice: &mut Dice, of: impl Iterator<Item = &'a String>) -> String {
    let of: Vec<&String> = of.collect();
    let one = if dice.happens(900) { dice.pick(&of) } else { None };
    one.map_or_else(|| "nobody-knows".to_owned(), |one| (*one).clone())
}

fn interval(dice: &mut Dice, roll: &Roll, now: i64) -> Interval {
    let slis: Vec<&String> =
        roll.objects.keys().filter(|(kind, _)| kind == "sli").map(|(_, name)| name).collect();
    let of = match dice.pick(&slis) {
        Some(sli) if dice.happens(700) => Subject::Sli(sli.as_str().into()),
        _ => Subject::Service("shop".into()),
    };
    let from = now + dice.between(-5000, 400);
    Interval::new(of, Minute(from), Minute(from + dice.between(-5, 700)))
}
