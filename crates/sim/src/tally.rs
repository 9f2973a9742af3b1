//! What happened of the practice, and what was refused and why, for the counts.

use plimsoll_core::{
    command::{Command, Refusal, RefusalKind},
    event::Event,
    promise::{decision::Verdict, gate::Pass},
};

use crate::audit::roll::Roll;

/// What is counted of the practice.
pub(crate) fn practice(event: &Event) -> Option<&'static str> {
    Some(match event {
        Event::ChangeStarted(change) if change.reverts.is_some() => "change reverts another",
        Event::ChangeStarted(change) => match &change.gate {
            Some(told) if told.pass == Pass::Covered => "change covered by an exception",
            Some(told) if told.pass == Pass::Refused => "change against the gate",
            Some(_) => "change let pass",
            None => "change before any decision",
        },
        Event::ChangeFinished(_) => "change finished",
        Event::ExceptionAsked(_) => "exception asked",
        Event::ExceptionApproved(approved) if approved.solo => "exception approved alone",
        Event::ExceptionApproved(_) => "exception approved",
        Event::ExceptionRejected(_) => "exception rejected",
        Event::ExceptionRevoked(_) => "exception revoked",
        Event::ExceptionPaid(_) => "exception paid",
        Event::PromiseProposed(_) => "promise proposed",
        Event::PolicyProposed(_) => "policy proposed",
        Event::AgreementGiven(_) => "agreement given",
        Event::ExitSigned(_) => "exit signed",
        Event::ExitGranted(_) => "exit granted",
        Event::DecisionMade(made) => match made.verdict {
            Verdict::Ship if !made.standing.spent.is_empty() => "decision: recovered",
            Verdict::Ship => "decision: ship",
            Verdict::Caution if made.standing.release.is_some() => "decision: by an early exit",
            Verdict::Caution => "decision: caution",
            Verdict::Unknown => "decision: unknown",
            Verdict::Stabilise => "decision: stabilise",
        },
        _ => return None,
    })
}

/// Whether both sides have signed now, and whether that replaced an older version.
pub(crate) fn agreed(event: &Event, roll: &Roll) -> Option<&'static str> {
    let Event::AgreementGiven(given) = event else { return None };
    let id = (given.of.kind.name().to_owned(), given.of.name.to_string());
    let mut signed = roll.versions.get(&id)?.iter().rev().map(|version| version.signed.len() == 2);
    match (signed.next()?, signed.any(|is_signed| is_signed)) {
        (false, _) => None,
        (true, false) => Some("version agreed"),
        (true, true) => Some("version superseded"),
    }
}

/// What is counted of refusals, by their words: the counts only say that each sort really happens.
pub(crate) fn refused(command: &Command, refusal: &Refusal) -> Option<&'static str> {
    let says = |words: &str| refusal.what.contains(words);
    Some(match command {
        Command::ApproveException(_) if says("asked for it, and nobody") => "refused: own approval",
        Command::ApproveException(_) if says("was approved by") => "refused: second approval",
        Command::ApproveException(_) if says("exceptions that the policy") => {
            "refused: over the limit"
        }
        Command::ApproveException(_) if says("without an answer") || says("expired") => {
            "refused: too late"
        }
        Command::Agree(_) | Command::SignExit(_) if says("already") => "refused: both sides",
        Command::Agree(_) if says("version") && says("newest") || says("is outdated") => {
            "refused: other version"
        }
        Command::Record(_) => "refused: a decision",
        _ if refusal.kind == RefusalKind::NotFound => "refused: unknown",
        _ => return None,
    })
}
