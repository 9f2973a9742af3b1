//! The rules about exceptions: who may ask, approve, reject, revoke and pay back, and when.

use smol_str::SmolStr;

use super::{
    Approved, Asked, Exception, ExceptionId, Paid, Payback, Quarter, Rejected, Revoked, Scope,
    Status, Wish,
};
use crate::{
    catalog::{Kind, ObjectId},
    command::{Actor, Context, Refusal},
    deliver::change::{ChangeId, no_service},
    event::Event,
    limits::{
        EXCEPTION_HOURS_MAX, EXCEPTION_NAMES_MAX, EXCEPTION_WAITS_MS, EXCEPTIONS_MAX,
        EXCEPTIONS_WAITING_MAX, PAYBACK_DAYS_MAX, REASON_BYTES_MAX,
    },
    people::person::{self, Person, PersonId},
    promise::{in_force, policy::Policy},
    spec::name::is_dns_label,
    state::State,
    text::shortened,
    time::{DAY, Date, Minute, rfc3339_ms},
    words,
};

const HOUR_MS: i64 = 3600 * 1000;

/// Asks for an exception.
pub(crate) fn ask(state: &State, wish: &Wish, context: &Context) -> Result<Vec<Event>, Refusal> {
    check_service(state, &wish.service)?;
    check_hours(wish.hours, &in_force::policy_of_service(state, &wish.service))?;
    let asked = Asked {
        exception: ExceptionId(context.fresh_id("e", 0)),
        service: wish.service.as_str().into(),
        scope: scope(&wish.scope)?,
        class: wish.class,
        reason: words::checked(&wish.reason, "reason", REASON_BYTES_MAX)?,
        hours: wish.hours,
        payback: payback(state, wish, context)?,
        by: context.actor.clone(),
    };
    let waits = |e: &&Exception| e.status(context.at_ms) == Status::Waiting;
    if state.exceptions.of_service(&wish.service).filter(waits).count() >= EXCEPTIONS_WAITING_MAX {
        let what = format!("exceptions of {} that wait for an answer", wish.service);
        return Err(Refusal::too_many(&what, EXCEPTIONS_WAITING_MAX));
    }
    if !state.exceptions.has_room(context.at_ms) {
        return Err(Refusal::too_many("exceptions that wait or are in force", EXCEPTIONS_MAX));
    }
    Ok(vec![Event::ExceptionAsked(asked)])
}

fn check_service(state: &State, service: &str) -> Result<(), Refusal> {
    let id = ObjectId { kind: Kind::Service, name: service.into() };
    if state.objects.contains_key(&id) { Ok(()) } else { Err(no_service(service)) }
}

/// The policy may have changed since an exception was asked for, so that this is checked at its approval, too.
fn check_hours(hours: u32, policy: &Policy) -> Result<(), Refusal> {
    let most = policy.exceptions.hours_max.min(EXCEPTION_HOURS_MAX);
    if (1..=most).contains(&hours) {
        return Ok(());
    }
    Err(Refusal::invalid(
        format!("an exception of {hours} hours is not allowed"),
        format!("the policy {} allows 1 to {most} hours", policy.name),
    ))
}

/// The scope as it is kept: what it names makes sense, once each.
fn scope(wish: &Scope) -> Result<Scope, Refusal> {
    let few = |names: &[SmolStr], what: &str| {
        if (1..=EXCEPTION_NAMES_MAX).contains(&names.len()) {
            return Ok(());
        }
        Err(Refusal::invalid(
            format!("the exception names {} {what}", names.len()),
            format!("name 1 to {EXCEPTION_NAMES_MAX}, or ask for every change of the service"),
        ))
    };
    let once = |names: &[SmolStr]| {
        let mut names = names.to_vec();
        names.sort();
        names.dedup();
        names
    };
    match wish {
        Scope::Changes(names) => {
            few(names, "changes")?;
            names.iter().try_for_each(|name| ChangeId::parse(name).map(drop))?;
            Ok(Scope::Changes(once(names)))
        }
        Scope::Kinds(kinds) => {
            few(kinds, "kinds of changes")?;
            if let Some(kind) = kinds.iter().find(|kind| !is_dns_label(kind)) {
                return Err(Refusal::invalid(
                    format!("{:?} is no kind of change", shortened(kind)),
                    "write small letters, digits and hyphens, such as deploy or config",
                ));
            }
            Ok(Scope::Kinds(once(kinds)))
        }
        Scope::All => Ok(Scope::All),
    }
}

fn payback(state: &State, wish: &Wish, context: &Context) -> Result<Payback, Refusal> {
    let action = words::checked(&wish.action, "action that pays it back", REASON_BYTES_MAX)?;
    if wish.owner.trim().is_empty() {
        let hint = "name the person who sees to it; plimsoll person list shows them";
        return Err(Refusal::invalid("the payback has no owner", hint));
    }
    let owner = PersonId::parse(&wish.owner)?;
    if !state.people.get(&owner).is_some_and(Person::is_active) {
        return Err(Refusal::not_found(
            format!("there is no person {owner} to own the payback"),
            "plimsoll person list shows them",
        ));
    }
    let today = Date::of(Minute::of_second(context.at_ms.div_euclid(1000)));
    let due = Date::parse(&wish.due).ok_or_else(|| {
        Refusal::invalid(
            format!("the payback is due on {:?}, which is no day", shortened(&wish.due)),
            "write a day such as 2026-12-01",
        )
    })?;
    if due < today || due.begin().0 > today.begin().0 + PAYBACK_DAYS_MAX * DAY {
        return Err(Refusal::invalid(
            format!("the payback is due on {due}, and today is {today}"),
            format!("name a day from today on, at most {PAYBACK_DAYS_MAX} days ahead"),
        ));
    }
    Ok(Payback { action, owner, due })
}

/// Approves an exception: it is in force from now on.
pub(crate) fn approve(state: &State, id: &str, context: &Context) -> Result<Vec<Event>, Refusal> {
    let known = find(state, id)?;
    let Asked { exception, service, hours, by, .. } = &known.asked;
    check_waits(known, "approved", context)?;
    check_service(state, service)?;
    let policy = in_force::policy_of_service(state, service);
    let solo = check_second(state, &policy, "approve", by, context)?;
    check_hours(*hours, &policy)?;
    check_quarter(state, service, &policy, context)?;
    let until_ms = context.at_ms.saturating_add(i64::from(*hours) * HOUR_MS);
    let (exception, by) = (exception.clone(), context.actor.clone());
    Ok(vec![Event::ExceptionApproved(Approved { exception, until_ms, solo, by })])
}

/// Rejects an exception.
pub(crate) fn reject(
    state: &State,
    id: &str,
    reason: Option<&str>,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    let known = find(state, id)?;
    let Asked { exception, service, by, .. } = &known.asked;
    check_waits(known, "rejected", context)?;
    check_second(state, &in_force::policy_of_service(state, service), "reject", by, context)?;
    let (exception, by) = (exception.clone(), context.actor.clone());
    let reason = optional(reason)?;
    Ok(vec![Event::ExceptionRejected(Rejected { exception, reason, by })])
}

/// Takes an exception back. Whoever may write may do so at any time: it makes nothing easier.
pub(crate) fn revoke(
    state: &State,
    id: &str,
    reason: Option<&str>,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    let known = find(state, id)?;
    if !matches!(known.status(context.at_ms), Status::Waiting | Status::InForce) {
        return Err(is_over(known, "revoked", context));
    }
    let (exception, by) = (known.asked.exception.clone(), context.actor.clone());
    let reason = optional(reason)?;
    Ok(vec![Event::ExceptionRevoked(Revoked { exception, reason, by })])
}

/// Records that an exception was made up for. Nothing happens where the same was recorded before.
pub(crate) fn pay(
    state: &State,
    id: &str,
    note: &str,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    let known = find(state, id)?;
    let note = words::checked(note, "note of what was done", REASON_BYTES_MAX)?;
    match (&known.approved, &known.paid) {
        (None, _) => Err(Refusal::conflict(
            format!("{id} was not approved, so that nothing is owed for it"),
            "plimsoll exception bill lists what is owed",
        )),
        (_, Some((_, paid))) if paid.note == note => Ok(Vec::new()),
        (_, Some((at_ms, _))) => Err(Refusal::conflict(
            format!("{id} was paid back at {} already", rfc3339_ms(*at_ms)),
            "what is recorded stays",
        )),
        _ => {
            let (exception, by) = (known.asked.exception.clone(), context.actor.clone());
            Ok(vec![Event::ExceptionPaid(Paid { exception, note, by })])
        }
    }
}

fn find<'a>(state: &'a State, id: &str) -> Result<&'a Exception, Refusal> {
    state.exceptions.get(&ExceptionId(id.into())).ok_or_else(|| {
        Refusal::not_found(
            format!("there is no exception {:?}", shortened(id)),
            "plimsoll exception list shows them",
        )
    })
}

fn optional(reason: Option<&str>) -> Result<Option<SmolStr>, Refusal> {
    reason.map(|text| words::checked(text, "reason", REASON_BYTES_MAX)).transpose()
}

fn check_waits(known: &Exception, done: &str, context: &Context) -> Result<(), Refusal> {
    if known.status(context.at_ms) == Status::Waiting {
        return Ok(());
    }
    Err(is_over(known, done, context))
}

/// It is too late for that.
fn is_over(known: &Exception, done: &str, context: &Context) -> Refusal {
    let id = &known.asked.exception;
    let so =
        |what: &str, at_ms: i64, by: &Actor| format!("{what} by {by} at {}", rfc3339_ms(at_ms));
    let why = match (&known.rejected, &known.revoked, &known.approved) {
        (Some((at_ms, rejected)), _, _) => so("was rejected", *at_ms, &rejected.by),
        (_, Some((at_ms, revoked)), _) => so("was revoked", *at_ms, &revoked.by),
        (_, _, Some((_, approved))) if approved.until_ms <= context.at_ms => {
            format!("expired at {}", rfc3339_ms(approved.until_ms))
        }
        (_, _, Some((at_ms, approved))) => so("was approved", *at_ms, &approved.by),
        _ => {
            let days = EXCEPTION_WAITS_MS / (24 * HOUR_MS);
            format!("was asked for more than {days} days ago without an answer")
        }
    };
    Refusal::conflict(
        format!("{id} {why}, and cannot be {done} now"),
        "ask for another one, if it is still needed",
    )
}

/// Refuses whoever may not answer. As for signatures, anybody may where all whom the policy names were erased.
/// Whether they answer what they asked for themselves, as the policy lets them.
fn check_second(
    state: &State,
    policy: &Policy,
    act: &str,
    asker: &Actor,
    context: &Context,
) -> Result<bool, Refusal> {
    let Some(person) = context.actor.person() else {
        let hint = "let a person do it, with a token of their own";
        return Err(Refusal::conflict(format!("only a person can {act} an exception"), hint));
    };
    let named = policy.approvers.product.iter().chain(&policy.approvers.engineering);
    let named: Vec<&str> = named.map(String::as_str).collect();
    let is_erased = |handle: &&str| person::is_erased(state, handle);
    if !named.contains(&person.as_str()) && !named.iter().all(is_erased) {
        return Err(Refusal::conflict(
            format!("{person} may not {act} exceptions: the policy {} names others", policy.name),
            format!("ask one of {}", person::listed(state, once(named))),
        ));
    }
    let is_own = asker.person() == Some(person);
    if is_own && !policy.solo {
        return Err(Refusal::conflict(
            format!("{person} asked for it, and nobody can {act} what they asked for themselves"),
            "let another person do it, with a token of their own; plimsoll exception revoke takes it back",
        ));
    }
    Ok(is_own)
}

fn once(mut names: Vec<&str>) -> Vec<&str> {
    names.sort_unstable();
    names.dedup();
    names
}

/// Refuses more exceptions than the policy allows in a quarter, those that were revoked included.
fn check_quarter(
    state: &State,
    service: &str,
    policy: &Policy,
    context: &Context,
) -> Result<(), Refusal> {
    let quarter = Quarter::of(context.at_ms);
    let most = policy.exceptions.per_quarter;
    let earlier: Vec<&str> = state
        .exceptions
        .approved_in(service, quarter)
        .map(|exception| exception.asked.exception.0.as_str())
        .collect();
    if earlier.len() < most as usize {
        return Ok(());
    }
    let which = match earlier.len() {
        0 => String::new(),
        _ => format!(": {}", earlier.join(", ")),
    };
    Err(Refusal::conflict(
        format!(
            "{service} had {} of the {most} exceptions that the policy {} allows in {quarter}{which}",
            earlier.len(),
            policy.name
        ),
        "wait for the next quarter, or agree on another policy",
    ))
}
