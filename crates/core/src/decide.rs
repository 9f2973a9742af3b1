//! The rules: from what somebody asks for to what happens, or to a refusal.

use crate::{
    catalog::plan,
    command::{Command, Context, Refusal},
    deliver::change,
    event::Event,
    marks::{attribution, exclusion},
    people::{person, token},
    promise::{agreement, exception, exit, record},
    state::State,
};

/// Decides what a command does to this state. Several events belong together: all of them happen, or none.
///
/// # Errors
/// [`Refusal`], when the command makes no sense or contradicts what is here.
pub fn decide(state: &State, command: &Command, context: &Context) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::AddPerson(handle) => person::add(state, handle),
        Command::ErasePerson(handle) => person::erase(state, handle),
        Command::IssueToken(wish) => token::issue(state, wish, context),
        Command::RevokeToken(token) => token::revoke(state, token),
        Command::Apply { set, files, may_withdraw, reason } => {
            let wish = plan::Wish { set, files, may_withdraw: *may_withdraw, reason };
            plan::apply(state, &wish, context)
        }
        Command::Agree(wish) => agreement::agree(state, wish, context),
        Command::Exclude(wish) => exclusion::add(state, wish, context),
        Command::UndoExclusion(id) => exclusion::undo(state, id),
        Command::Attribute(wish) => attribution::add(state, wish, context),
        Command::UndoAttribution(id) => attribution::undo(state, id),
        Command::StartChange(wish) => change::start(state, wish, context),
        Command::FinishChange(wish) => change::finish(state, wish, context),
        Command::AskException(wish) => exception::ask(state, wish, context),
        Command::ApproveException(id) => exception::approve(state, id, context),
        Command::RejectException { id, reason } => {
            exception::reject(state, id, reason.as_deref(), context)
        }
        Command::RevokeException { id, reason } => {
            exception::revoke(state, id, reason.as_deref(), context)
        }
        Command::PayException { id, note } => exception::pay(state, id, note, context),
        Command::SignExit(wish) => exit::sign(state, wish, context),
        Command::Record(decided) => Ok(record::record(state, decided)),
    }
}
