//! Backups: copies of the data folder, taken beside the running server.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::extract::State;
use plimsoll_core::people::token::Scope;
use plimsoll_store::{backup, journal::JournalReader, slots::SlotReader};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    answer::{Answer, report},
    app::App,
    call::Json,
    journal::Head,
    problem::{Code, Problem, ProblemDocument},
    route::Route,
};

/// A backup to take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBackup {
    /// The folder to make, on the server's machine: an absolute path that is not there yet.
    pub to: String,
}

/// A backup that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Backup {
    /// Where it is.
    pub to: String,
    /// The newest entry of its journal.
    pub head: Head,
    /// Damaged stretches of the slots that were copied along, in words.
    pub holes: Vec<String>,
}

pub(super) fn routes() -> Vec<Route> {
    vec![Route::post("/api/v1/backups", Scope::Admin, take).beside_journal()]
}

/// Takes a backup: journal, secrets and slots. It is verified before this answers.
#[utoipa::path(post, path = "/api/v1/backups", tag = "backups", request_body = NewBackup,
    responses((status = 200, body = Backup), (status = 409, body = ProblemDocument),
        (status = 422, body = ProblemDocument)))]
pub(super) async fn take(
    State(app): State<Arc<App>>,
    Json(NewBackup { to }): Json<NewBackup>,
) -> Answer {
    let folder = PathBuf::from(&to);
    if !folder.is_absolute() || to.contains('\0') {
        let hint = "name a folder on the server's machine from / on";
        return Err(Problem::new(Code::Invalid, format!("{to:?} is no absolute path"), hint));
    }
    let (journal, slots) = (app.journal.clone(), app.slots.clone());
    check_parent(&folder, &journal)?;
    let taken = app
        .heavily(move || {
            let journal = JournalReader::open(&journal)?;
            let slots = SlotReader::open(&slots)?;
            Ok(backup::take(&journal, &slots, &folder)?)
        })
        .await?;
    let holes = taken.holes.iter().map(ToString::to_string).collect();
    report(&Backup { to, head: taken.head.into(), holes })
}

/// The folder in which a backup is made must be there, and none of the server's own.
fn check_parent(folder: &Path, journal: &Path) -> Result<(), Problem> {
    let invalid = |detail: String, hint: &str| Err(Problem::new(Code::Invalid, detail, hint));
    let parent = folder.parent().unwrap_or(folder);
    let Some(found) = parent.canonicalize().ok().filter(|found| found.is_dir()) else {
        let detail = format!("{} is no folder", parent.display());
        return invalid(detail, "make it first, or name another");
    };
    let own = journal.parent().and_then(|own| own.canonicalize().ok());
    if own.is_some_and(|own| found.starts_with(own)) {
        let detail = format!("{} is in the data folder itself", folder.display());
        return invalid(detail, "name a folder outside, best on another disk");
    }
    Ok(())
}
