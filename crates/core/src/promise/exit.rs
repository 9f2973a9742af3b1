//! Early exits from *stabilise*: what spent the budgets is mended, and product and engineering both sign that.
//!
//! Without one, a large outage would hold a service still until it has left the window. An exit frees only the budgets
//! that were spent when it was signed, for *caution* and no more, and is void as soon as a further tenth of one is
//! spent, or another budget is.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{
    agreement::{Role, check_approver},
    decision::Verdict,
    in_force,
    policy::RECOVER_PPB,
    record::Record,
    standing::{BudgetId, Floor, Release},
};
use crate::{
    command::{Actor, Context, Refusal},
    event::Event,
    limits::REASON_BYTES_MAX,
    state::State,
    words,
};

/// Somebody signed an early exit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// Of which service.
    pub service: SmolStr,
    /// For which role.
    pub role: Role,
    /// What was mended, and how that is known.
    pub reason: SmolStr,
    /// Who.
    pub by: Actor,
}

/// Both roles signed: the exit holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// Of which service.
    pub service: SmolStr,
    /// What it lets go, and until when.
    pub release: Release,
}

/// What is asked for when somebody signs an early exit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Of which service.
    pub service: String,
    /// For which role.
    pub role: Role,
    /// What was mended, and how that is known.
    pub reason: String,
    /// What is left now of each budget of the service that is known, in parts per billion.
    pub left: Vec<(BudgetId, i64)>,
}

/// Signs an early exit for a role.
pub(crate) fn sign(state: &State, wish: &Wish, context: &Context) -> Result<Vec<Event>, Refusal> {
    let Wish { service, role, reason, left } = wish;
    let Some(person) = context.actor.person() else {
        return Err(Refusal::invalid("only a person can sign", "use a token of theirs"));
    };
    let record = stabilising(state, service)?;
    let reason = words::checked(reason, "reason", REASON_BYTES_MAX)?;
    if let Some(signed) = record.exit.iter().find(|signed| signed.role == *role) {
        if signed.by.person() == Some(person) && signed.reason == reason {
            return Ok(Vec::new());
        }
        if signed.by.person() == Some(person) {
            let what =
                format!("{person} signed the exit of {service} for {role} with another reason");
            let hint = format!("what is signed stays: {}", signed.reason);
            return Err(Refusal::conflict(what, hint));
        }
        let what = format!("the exit of {service} is signed for {role} by {}", signed.by);
        return Err(Refusal::conflict(what, "nothing is left to sign for this role"));
    }
    let rules = in_force::policy_of_service(state, service);
    check_approver(state, &rules, *role, person)?;
    let other = record.exit.iter().find(|signed| signed.role != *role);
    if other.is_some_and(|signed| signed.by.person() == Some(person)) && !rules.solo {
        let what = format!("{person} signed the exit of {service} for {} already", role.other());
        let hint = format!(
            "somebody else must sign for {role}; where there is nobody else, the policy {} can say solo: true",
            rules.name
        );
        return Err(Refusal::conflict(what, hint));
    }
    let floors = floors(&record.standing.spent, left)?;
    let service = SmolStr::from(service.as_str());
    let signed =
        Signed { service: service.clone(), role: *role, reason, by: context.actor.clone() };
    let Some(first) = other else { return Ok(vec![Event::ExitSigned(signed)]) };
    let reason = format!("{}: {}; {role}: {}", first.role, first.reason, signed.reason);
    let release = Release { reason, floors };
    Ok(vec![Event::ExitSigned(signed), Event::ExitGranted(Granted { service, release })])
}

/// What is known of a service that stands on *stabilise* by its budgets.
fn stabilising<'a>(state: &'a State, service: &str) -> Result<&'a Record, Refusal> {
    let record = state.decisions.get(service).ok_or_else(|| {
        let what = format!("nothing was decided about {:?}", crate::text::shortened(service));
        Refusal::not_found(what, "plimsoll decision list shows the services that are decided")
    })?;
    if record.standing.release.is_some() {
        let what = format!("both signed the exit of {service} already");
        return Err(Refusal::conflict(what, "the next decision lets its budgets go"));
    }
    if record.last.verdict == Verdict::Stabilise && !record.standing.spent.is_empty() {
        return Ok(record);
    }
    let what =
        format!("{service} stands on {}: there is nothing to leave early", record.last.verdict);
    Err(Refusal::conflict(what, "plimsoll decision list shows what stands"))
}

/// How far each spent budget may fall. What is not known now cannot be let go.
fn floors(spent: &[BudgetId], left: &[(BudgetId, i64)]) -> Result<Vec<Floor>, Refusal> {
    let floor = |budget: &BudgetId| {
        let known = left.iter().find(|(other, _)| other == budget);
        let (_, left_ppb) = known.ok_or_else(|| {
            let what = format!("nothing is known now of {} over {}", budget.slo, budget.window);
            Refusal::conflict(what, "sign when it is measured again")
        })?;
        Ok(Floor { budget: budget.clone(), left_ppb: left_ppb.saturating_sub(RECOVER_PPB) })
    };
    spent.iter().map(floor).collect()
}

pub(crate) fn apply_signed(state: &mut State, event: &Signed) {
    if let Some(record) = state.decisions.get_mut(&event.service) {
        record.exit.push(event.clone());
    }
}

pub(crate) fn apply_granted(state: &mut State, event: &Granted) {
    if let Some(record) = state.decisions.get_mut(&event.service) {
        record.exit.clear();
        record.standing.release = Some(event.release.clone());
    }
}
