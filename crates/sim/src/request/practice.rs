//! What people ask for once budgets are decided by: changes, exceptions, signatures. Most of it makes sense; some comes
//! too late, twice, from the wrong person, or about what is not there.

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use plimsoll_core::{
    catalog::object::{Kind, ObjectId},
    command::Command,
    deliver::change::{FinishWish, Outcome, StartWish},
    promise::{
        agreement::{self, Role},
        decision::Verdict,
        exception::{self, ReasonClass, Scope},
        exit,
        gate::Risk,
    },
};

use super::{View, known, who};
use crate::{audit::roll::Roll, dice::Dice};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
const KINDS: [&str; 6] = ["deploy", "deploy", "config", "revert", "p0-fix", "No Kind"];

/// A command, and which person asks for it.
pub(super) fn command(
    dice: &mut Dice,
    view: &View<'_>,
    number: usize,
) -> (Command, Option<String>) {
    let roll = view.roll;
    let someone = who(dice, roll);
    let is_asked = u32::from(roll.exceptions.values().any(|one| one.waits(view.now_ms)));
    let is_known = u32::from(!roll.exceptions.is_empty());
    let is_still = ["shop", "depot"].iter().any(|service| roll.stands_still(service).is_some());
    // What is about nothing comes, but rarely.
    let often = |is_so: u32, weight: u32| if is_so > 0 { weight } else { 1 };
    let weights = [
        20,
        often(u32::from(!roll.changes.is_empty()), 10),
        12,
        often(is_asked, 18),
        often(is_asked, 3),
        often(is_known, 3),
        often(is_known, 4),
        often(u32::from(!roll.versions.is_empty()), 18),
        often(u32::from(is_still), 30),
    ];
    let command = match dice.weighed(&weights) {
        0 => Command::StartChange(start(dice, view, number)),
        1 => Command::FinishChange(finish(dice, view)),
        2 => {
            let owner = who(dice, roll).unwrap_or_default();
            Command::AskException(ask(dice, view, number, owner))
        }
        3 => return approve(dice, view, someone),
        4 => Command::RejectException { id: waiting(dice, view), reason: said(dice) },
        5 => {
            let id = known(dice, roll.exceptions.keys());
            Command::RevokeException { id, reason: said(dice) }
        }
        6 => Command::PayException {
            id: known(dice, roll.exceptions.keys()),
            note: format!("note {}", dice.below(3)),
        },
        7 => return agree(dice, roll, someone),
        _ => {
            let wish = sign(dice, view, number);
            let signer = named(dice, roll, &wish.service, wish.role);
            return (Command::SignExit(wish), signer.or(someone));
        }
    };
    (command, someone)
}

/// A service, mostly one that is here.
fn service(dice: &mut Dice, roll: &Roll) -> String {
    match dice.weighed(&[70, 25, 5]) {
        1 if roll.has("service", "depot") || dice.happens(200) => "depot".to_owned(),
        2 => "nowhere".to_owned(),
        _ => "shop".to_owned(),
    }
}

/// Somebody whom the policy of a service names for a role, mostly, where it names anybody.
fn named(dice: &mut Dice, roll: &Roll, service: &str, side: Role) -> Option<String> {
    let rules = roll.rules_of(service);
    let of_role = &rules.signers[usize::from(side == Role::Engineering)];
    let is_named = dice.happens(850);
    dice.pick(of_role).filter(|_| is_named).cloned()
}

fn said(dice: &mut Dice) -> Option<String> {
    dice.happens(500).then(|| format!("reason {}", dice.below(9)))
}

fn start(dice: &mut Dice, view: &View<'_>, number: usize) -> StartWish {
    let name = match dice.weighed(&[50, 25, 20, 2]) {
        0 => Some(format!("run-{number}")),
        // Of another, which may be about something else.
        1 => Some(known(dice, view.roll.changes.keys())),
        2 => None,
        _ => Some("-no name".to_owned()),
    };
    let started_ms = match dice.weighed(&[60, 25, 10, 3, 2]) {
        0 => None,
        1 => Some(view.now_ms - dice.between(0, 180 * MINUTE_MS)),
        2 => Some(view.now_ms - dice.between(0, 40 * DAY_MS)),
        3 => Some(view.now_ms + dice.between(0, 12 * MINUTE_MS)),
        _ => Some(view.now_ms - dice.between(360, 370) * DAY_MS),
    };
    let doubts = [None, None, None, Some(Verdict::Unknown), Some(Verdict::Caution)];
    let doubt = dice.pick(&doubts).copied().flatten().filter(|_| started_ms.is_none());
    StartWish {
        id: name,
        service: service(dice, view.roll),
        kind: dice.pick(&KINDS).copied().unwrap_or("deploy").to_owned(),
        risk: dice.pick(&[Risk::Low, Risk::Normal, Risk::High]).copied().unwrap_or_default(),
        title: dice.happens(200).then(|| format!("title {}", dice.below(3))),
        url: None,
        started_ms,
        reverts: dice.happens(300).then(|| known(dice, view.roll.changes.keys())),
        doubt,
    }
}

fn finish(dice: &mut Dice, view: &View<'_>) -> FinishWish {
    let outcomes =
        [None, Some(Outcome::Succeeded), Some(Outcome::Failed), Some(Outcome::Cancelled)];
    let finished_ms = match dice.weighed(&[70, 25, 5]) {
        0 => None,
        1 => Some(view.now_ms - dice.between(0, 60 * MINUTE_MS)),
        _ => Some(view.now_ms + dice.between(0, 12 * MINUTE_MS)),
    };
    FinishWish {
        id: known(dice, view.roll.changes.keys()),
        finished_ms,
        outcome: dice.pick(&outcomes).copied().flatten(),
    }
}

fn ask(dice: &mut Dice, view: &View<'_>, number: usize, owner: String) -> exception::Wish {
    let scope = match dice.below(5) {
        0 | 1 => Scope::All,
        2 => Scope::Kinds(vec!["deploy".into(), "config".into()]),
        3 => {
            let at = number.saturating_sub(dice.below(5) as usize);
            Scope::Changes(vec![format!("run-{at}").into(), format!("run-{}", number + 2).into()])
        }
        _ => Scope::Kinds(vec!["config".into()]),
    };
    exception::Wish {
        service: service(dice, view.roll),
        scope,
        class: ReasonClass::Revenue,
        reason: format!("request {number}"),
        hours: dice.pick(&[0, 1, 2, 8, 24, 72, 73]).copied().unwrap_or(1),
        action: "mend it".to_owned(),
        owner,
        due: due(dice, view.now_ms),
    }
}

/// A day to come, mostly.
fn due(dice: &mut Dice, now_ms: i64) -> String {
    let days = if dice.happens(950) { dice.between(0, 300) } else { dice.between(-3, 400) };
    let today = Timestamp::from_millisecond(now_ms).map(|now| now.to_zoned(TimeZone::UTC).date());
    let day = today.and_then(|today| today.checked_add(days.days()));
    day.map_or_else(|_| "soon".to_owned(), |day| day.to_string())
}

/// An exception that waits, mostly.
fn waiting(dice: &mut Dice, view: &View<'_>) -> String {
    let all = view.roll.exceptions.iter();
    let waiting: Vec<&String> =
        all.filter(|(_, one)| one.waits(view.now_ms)).map(|(id, _)| id).collect();
    match dice.pick(&waiting) {
        Some(one) if dice.happens(900) => (*one).clone(),
        _ => known(dice, view.roll.exceptions.keys()),
    }
}

/// Somebody approves, now and then what they asked for themselves.
fn approve(dice: &mut Dice, view: &View<'_>, someone: Option<String>) -> (Command, Option<String>) {
    let id = waiting(dice, view);
    let asker = view.roll.exceptions.get(&id).and_then(|one| one.asker.clone());
    let service = view.roll.exceptions.get(&id).map(|one| one.service.as_str());
    let service = service.unwrap_or_default();
    let signer = named(dice, view.roll, service, Role::Product);
    let own = if view.roll.rules_of(service).solo { 500 } else { 150 };
    let someone = if dice.happens(own) { asker } else { signer.or(someone) };
    (Command::ApproveException(id), someone)
}

/// Somebody signs the newest version, or one that is not; a few sign for both sides.
fn agree(dice: &mut Dice, roll: &Roll, someone: Option<String>) -> (Command, Option<String>) {
    let open = roll.versions.iter().filter_map(|(id, versions)| Some((id, versions.last()?)));
    let open: Vec<_> = open.collect();
    let unsigned: Vec<_> = open.iter().filter(|(_, last)| last.signed.len() < 2).collect();
    let picked = match dice.pick(&unsigned) {
        Some(one) if dice.happens(850) => Some(**one),
        _ => dice.pick(&open).copied(),
    };
    let side = dice.pick(&Role::ALL).copied().unwrap_or(Role::Product);
    let Some(((kind, name), last)) = picked else {
        let of = ObjectId { kind: Kind::Policy, name: "default".into() };
        return (Command::Agree(agreement::Wish { of, version: 1, role: side }), someone);
    };
    let mut unsigned = Role::ALL.into_iter().filter(|role| !last.signed.contains_key(role.word()));
    let side = unsigned.next().filter(|_| dice.happens(800)).unwrap_or(side);
    let version = match dice.weighed(&[90, 5, 5]) {
        0 => last.number,
        1 => last.number.saturating_sub(1),
        _ => last.number + 1,
    };
    let signer = last.signed.values().next().cloned();
    let due = named(dice, roll, "shop", side);
    let someone = if dice.happens(100) { signer } else { due.or(someone) };
    let kind = if kind == "policy" { Kind::Policy } else { Kind::Promise };
    let of = ObjectId { kind, name: name.as_str().into() };
    (Command::Agree(agreement::Wish { of, version: version as u32, role: side }), someone)
}

/// Somebody signs an early exit, mostly of what stands still and for the side that has not signed.
fn sign(dice: &mut Dice, view: &View<'_>, number: usize) -> exit::Wish {
    let still = ["shop", "depot"].into_iter().find_map(|service| {
        let open = view.roll.stands_still(service)?;
        Some((service.to_owned(), open))
    });
    let role = dice.pick(&Role::ALL).copied().unwrap_or(Role::Product);
    let (service, open) = still
        .filter(|_| dice.happens(900))
        .unwrap_or_else(|| (service(dice, view.roll), Vec::new()));
    let role = open.first().copied().filter(|_| dice.happens(800)).unwrap_or(role);
    let mut left = (view.left)(&service);
    if dice.happens(50) {
        left.pop();
    }
    exit::Wish { service, role, reason: format!("request {number}"), left }
}
