//! Deeds: what people of the company do in the course of the story, beside the changes of every day.

use plimsoll_core::{
    catalog::{Kind, ObjectId},
    command::Command,
    marks::{Interval, Subject, attribution, exclusion},
    promise::{
        agreement::Role,
        exception::{self, ReasonClass, Scope},
    },
    time::{DAY, Date, Minute, Span},
};

use super::{
    changes::{Plan, breaking},
    company::{
        BREAKABLE, DATABASE, ENGINEERING, EXCEPTED, LAUNCHED, PRODUCT, SATURATED, TEAMS, service,
    },
    documents::{Edition, SET, agreed, half_agreed},
    plot::{Plot, STRICT_AFTER_DAYS},
};
use crate::example::dice::Dice;

/// What somebody does.
#[derive(Debug, Clone)]
pub(super) enum Deed {
    /// What they ask for.
    Ask(Command),
    /// They sign the newest version of something.
    Sign(ObjectId, Role),
    /// They answer the exception of a service that waits.
    Answer(&'static str, Option<&'static str>),
    /// They say that the last exception of a service that is over was paid back.
    PayBack(&'static str, &'static str),
}

/// A deed, who does it and when.
#[derive(Debug, Clone)]
pub(super) struct Due {
    pub(super) at_ms: i64,
    pub(super) who: &'static str,
    pub(super) deed: Deed,
}

/// When the first person starts the server, and from when on everything is declared: minutes of the first day.
pub(super) const STARTED: i64 = 7 * 60 + 30;
pub(super) const DECLARED: i64 = 8 * 60;

fn due(at: Minute, who: &'static str, deed: Deed) -> Due {
    // A few seconds into the minute, never the same for all.
    let second = at.second() + 7 + at.0.rem_euclid(41);
    Due { at_ms: second * 1000 + at.0.rem_euclid(997), who, deed }
}

/// All deeds of the story. `logs` is the pattern of the logs that are followed in the end.
pub(super) fn all(plot: &Plot, logs: &str) -> Vec<Due> {
    let mut deeds = documents(plot, logs);
    deeds.extend(attributions(plot));
    deeds.extend(maintenance(plot));
    deeds.extend(exceptions(plot));
    deeds
}

fn documents(plot: &Plot, logs: &str) -> Vec<Due> {
    let review = plot.end.plus(200 * DAY);
    let apply = |edition: Edition<'_>, reason: Option<&str>| {
        Deed::Ask(Command::Apply {
            set: SET.to_owned(),
            files: edition.files(),
            may_withdraw: true,
            reason: reason.map(str::to_owned),
        })
    };
    let first = Edition { logs: None, min_coverage: "10%", review };
    let strict = Edition { min_coverage: "90%", ..first };
    let followed = Edition { logs: Some(logs), ..strict };
    let begin = plot.begin.plus(DECLARED);
    let mut deeds = vec![due(begin, ENGINEERING, apply(first, None))];
    deeds.extend(sign_policy(begin.plus(70)));
    for (number, service) in (0..).zip(agreed()) {
        let at = begin.plus(DAY + number * 190);
        deeds.push(sign_promise(at, PRODUCT, service.name, Role::Product));
        deeds.push(sign_promise(at.plus(35), "priya", service.name, Role::Engineering));
    }
    let half = half_agreed().name;
    deeds.push(sign_promise(begin.plus(3 * DAY), ENGINEERING, half, Role::Engineering));
    let later = begin.plus(STRICT_AFTER_DAYS * DAY + 75);
    let reason = "A month is measured: from now on nobody decides from less";
    deeds.push(due(later, ENGINEERING, apply(strict, Some(reason))));
    deeds.extend(sign_policy(later.plus(48)));
    let reason =
        "The log of the edge sees what customers see; our counters missed what never reached them";
    deeds.push(due(plot.logs_from, ENGINEERING, apply(followed, Some(reason))));
    let moved = agreed().filter(|service| service.is_logged());
    for (number, service) in (0..).zip(moved) {
        let at = plot.logs_from.plus(4 + number * 3);
        if service.name != "search" {
            deeds.push(sign_promise(at, PRODUCT, service.name, Role::Product));
        }
        deeds.push(sign_promise(at.plus(2), "priya", service.name, Role::Engineering));
    }
    deeds
}

fn sign(at: Minute, who: &'static str, kind: Kind, name: &str, role: Role) -> Due {
    due(at, who, Deed::Sign(ObjectId { kind, name: name.into() }, role))
}

fn sign_promise(at: Minute, who: &'static str, name: &str, role: Role) -> Due {
    sign(at, who, Kind::Promise, name, role)
}

fn sign_policy(at: Minute) -> [Due; 2] {
    [
        sign(at, PRODUCT, Kind::Policy, "default", Role::Product),
        sign(at.plus(21), ENGINEERING, Kind::Policy, "default", Role::Engineering),
    ]
}

/// Whoever was on call for the database says which incident it was, for everyone it hit.
fn attributions(plot: &Plot) -> Vec<Due> {
    let mut deeds = Vec::new();
    for (number, span) in (0..).zip(&plot.saturations) {
        let who = if number % 2 == 0 { "anders" } else { "priya" };
        for (at, (name, _)) in (0..).zip(SATURATED) {
            let wish = attribution::Wish {
                interval: interval(name, *span),
                kind: "incident".to_owned(),
                name: format!("INC-{}: {DATABASE} out of connections", 31 + 4 * number),
                reason: Some("Every connection was taken; restarted, as last time".to_owned()),
            };
            let deed = Deed::Ask(Command::Attribute(wish));
            deeds.push(due(span.to.plus(26 + at * 3), who, deed));
        }
    }
    deeds
}

fn interval(service: &str, span: Span) -> Interval {
    Interval::new(Subject::Service(service.into()), span.from, span.to)
}

/// The move of the database is announced two days before.
fn maintenance(plot: &Plot) -> Vec<Due> {
    let exclude = |(number, name): (i64, &str)| {
        let wish = exclusion::Wish {
            interval: interval(name, plot.maintenance),
            reason: "Agreed maintenance: the database moves to larger disks, at night".to_owned(),
        };
        let announced = plot.maintenance.from.plus(-2 * DAY + 7 * 60 + number);
        due(announced, "priya", Deed::Ask(Command::Exclude(wish)))
    };
    (0..).zip([DATABASE, EXCEPTED]).map(exclude).collect()
}

fn ask(
    service: &str,
    class: ReasonClass,
    hours: u32,
    text: [&str; 2],
    owner: &str,
    due: Minute,
) -> Deed {
    let [reason, action] = text;
    Deed::Ask(Command::AskException(exception::Wish {
        service: service.to_owned(),
        scope: Scope::Kinds(vec!["deploy".into()]),
        class,
        reason: reason.to_owned(),
        hours,
        action: action.to_owned(),
        owner: owner.to_owned(),
        due: Date::of(due).to_string(),
    }))
}

/// One exception that was dear and is not paid back, so that the next is refused; and one that was well used.
fn exceptions(plot: &Plot) -> Vec<Due> {
    let count = plot.saturations.len();
    let day_after = |back: usize| plot.saturations[count - back].from.floor(DAY).plus(DAY);
    let (dear, good, last) = (day_after(3), day_after(2), day_after(1));
    let clock = |day: Minute, hour: i64, minute: i64| day.plus(hour * 60 + minute);
    let pack = [
        "The new way to pack must be live before the fair, where we show it",
        "Limit the connections of every service to the database, and test that",
    ];
    let again = [
        "The second warehouse must be live before the season",
        "Limit the connections of every service to the database, this time for sure",
    ];
    let tax = [
        "The new rate of tax holds from the first of the month",
        "Let checkout say no at once while the database has no connection",
    ];
    let refused = "The last one cost close to half of a week's budget, see the bill; and what was promised for it is overdue";
    vec![
        due(
            clock(dear, 9, 12),
            "leo",
            ask(EXCEPTED, ReasonClass::CustomerCommitment, 8, pack, "leo", dear.plus(20 * DAY)),
        ),
        due(clock(dear, 9, 51), PRODUCT, Deed::Answer(EXCEPTED, None)),
        due(
            clock(good, 8, 40),
            "jonas",
            ask("checkout", ReasonClass::Legal, 24, tax, "jonas", good.plus(14 * DAY)),
        ),
        due(clock(good, 9, 5), ENGINEERING, Deed::Answer("checkout", None)),
        due(
            clock(good.plus(6 * DAY), 15, 20),
            "jonas",
            Deed::PayBack(
                "checkout",
                "Done in checkout, and tested with the database switched off",
            ),
        ),
        due(
            clock(last, 8, 44),
            "leo",
            ask(EXCEPTED, ReasonClass::Revenue, 24, again, "leo", last.plus(20 * DAY)),
        ),
        due(clock(last, 10, 3), ENGINEERING, Deed::Answer(EXCEPTED, Some(refused))),
    ]
}

/// The changes that broke something.
pub(super) fn breaking_changes(plot: &Plot, dice: &mut Dice) -> Vec<Plan> {
    let covered = (service(EXCEPTED), "deploy", "A new way to pack");
    let launched = (service(LAUNCHED), "flag", "The gift finder is there for everybody");
    let mut plans = vec![
        breaking(covered.0, covered.1, covered.2, plot.covered, Some(64)),
        breaking(launched.0, launched.1, launched.2, plot.launch, Some(15 * 60)),
    ];
    for slip in &plot.slips {
        debug_assert!(BREAKABLE.contains(&slip.service), "{}", slip.service);
        let title = ["Faster pictures", "Another way to sort", "Fewer queries", "New menu"]
            [dice.below(4) as usize];
        // Somebody looks into most of them.
        let blamed = (dice.below(10) < 7).then(|| dice.between(20, 90) as i64);
        plans.push(breaking(service(slip.service), "deploy", title, slip.span, blamed));
    }
    plans
}

/// Everybody beside who runs the server.
pub(super) fn others() -> impl Iterator<Item = &'static str> {
    let of_teams = TEAMS.iter().flat_map(|(_, lead, other)| [*lead, *other]);
    [PRODUCT, "bram"].into_iter().chain(of_teams)
}
