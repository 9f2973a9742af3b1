//! What the gate prints as JSON where nobody answered: the shape of an answer, with null for what is not known.

use serde::Serialize;

use super::Args;
use crate::failure::Failure;

/// An answer of which only the question is known.
#[derive(Debug, Serialize)]
struct Unanswered<'a> {
    service: &'a str,
    at: (),
    verdict: &'static str,
    reasons: [Reason<'a>; 1],
    policy: (),
    policy_agreed: (),
    policy_agreement: (),
    policy_overdue: (),
    policy_solo: (),
    promise: (),
    promise_agreement: (),
    escalated: (),
    recorded: (),
    change: Change<'a>,
    allowed: bool,
    exempt: bool,
    exception: (),
    why: &'a str,
    expires: (),
}

#[derive(Debug, Serialize)]
struct Reason<'a> {
    verdict: &'static str,
    text: &'a str,
}

#[derive(Debug, Serialize)]
struct Change<'a> {
    kind: Option<&'a str>,
    risk: &'a str,
    name: Option<&'a str>,
}

/// The object for a failure; as in an answer, what lets a change pass is its kind, not an option of the command.
///
/// # Errors
/// [`Failure`], when it cannot be written.
pub(super) fn json(
    args: &Args,
    failure: &Failure,
    is_exempt: bool,
    why: &str,
) -> Result<String, Failure> {
    let answer = Unanswered {
        service: &args.service,
        at: (),
        verdict: "unknown",
        reasons: [Reason { verdict: "unknown", text: failure.what() }],
        policy: (),
        policy_agreed: (),
        policy_agreement: (),
        policy_overdue: (),
        policy_solo: (),
        promise: (),
        promise_agreement: (),
        escalated: (),
        recorded: (),
        change: Change {
            kind: args.kind.as_deref(),
            risk: &args.risk,
            name: args.change.as_deref(),
        },
        allowed: is_exempt,
        exempt: is_exempt,
        exception: (),
        why,
        expires: (),
    };
    serde_json::to_string(&answer)
        .map_err(|error| Failure::input(format!("cannot write the answer: {error}")))
}
