//! Documents: sets of files that declare objects, reconciled as a whole or not at all.

use std::{collections::BTreeMap, sync::Arc};

use axum::extract::State;
use plimsoll_core::{
    catalog::{self, Declared, Kind, ObjectId, Plan},
    command::Command,
    event::Event,
    limits::DOCUMENT_FILES_MAX,
    people::token::Scope,
    promise::promise::Breakage,
    spec,
    state::State as Practice,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{
    answer::{self, Answer, one_of_tag, report},
    app::{App, Aside},
    auth::Access,
    call::{Call, Json, Named, Params},
    page::{Page, PageQuery},
    problem::{Code, Problem, ProblemDocument},
    promises::today,
    route::Route,
};
use crate::{
    limits::{DOCUMENTS_BYTES_MAX, SET_NAME_BYTES_MAX},
    writer::Done,
};

type Objects = BTreeMap<ObjectId, Declared>;

/// A set of files, as it is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Set {
    /// Its name.
    pub set: String,
    /// Its files, by name.
    pub files: BTreeMap<String, Vec<ObjectName>>,
}

/// A set of files in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetSummary {
    /// Its name.
    pub set: String,
    /// How many files declare objects in force.
    pub files: usize,
    /// How many objects those are.
    pub objects: usize,
}

/// An object of the catalog, by kind and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct ObjectName {
    /// Of which kind it is: service, source, sli, slo, policy or promise.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// Files to apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Documents {
    /// The text of each file, by name.
    pub files: BTreeMap<String, String>,
    /// Whether objects that the files no longer declare are withdrawn.
    #[serde(default)]
    pub delete: bool,
    /// Why agreed promises and policies get other terms. Needed where they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Files to check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// The text of each file, by name.
    pub files: BTreeMap<String, String>,
}

/// What happens to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is new.
    Declare,
    /// It becomes another.
    Alter,
    /// It only stands in another file; a service perhaps in one of another set, which goes on using it.
    Move,
    /// It goes.
    Withdraw,
}

/// What happens to one object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// What happens to it.
    pub action: Action,
    /// Of which kind it is: service, source, sli, slo, policy or promise.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The file that declares it; null where it goes.
    pub file: Option<String>,
    /// What it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<serde_json::Value>,
    /// What it becomes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<serde_json::Value>,
}

/// What applying files would do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanReport {
    /// The name of the set.
    pub set: String,
    /// What would happen, by kind and name.
    pub changes: Vec<Change>,
    /// How many objects stay as they are.
    pub unchanged: usize,
    /// The versions of promises and policies that would be proposed.
    pub proposals: Vec<Proposal>,
    /// Promises that would be broken, although they stay as they are.
    pub breaks: Vec<Break>,
    /// What is wrong or doubtful. With an error, nothing would happen at all.
    pub problems: Vec<DocumentProblem>,
    /// Whether there is an error.
    pub refused: bool,
    /// The entity tag of the set that this was held against. With it in `If-Match`, applying does this and nothing
    /// else. Null where the set declares nothing yet; then `If-None-Match: *` says the same.
    pub etag: Option<String>,
}

/// A version of a promise or policy that would be proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Proposal {
    /// Of which kind it is: promise or policy.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The number of the version.
    pub version: u32,
    /// Whether a reason must be given: it was agreed before.
    pub needs_reason: bool,
    /// What is different from the version before, in words; empty for the first.
    pub differences: Vec<String>,
}

/// A promise that would be broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Break {
    /// Its name.
    pub promise: String,
    /// Why, in words.
    pub why: Vec<String>,
}

/// What applying files did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Applied {
    /// The name of the set.
    pub set: String,
    /// The journal's newest entry when it was done.
    pub seq: u64,
    /// What was declared: new, altered or moved.
    pub declared: Vec<ObjectName>,
    /// What was withdrawn.
    pub withdrawn: Vec<ObjectName>,
    /// The versions of promises and policies that were proposed, to be signed.
    pub proposed: Vec<ProposedVersion>,
    /// What is doubtful about the files.
    pub warnings: Vec<DocumentProblem>,
}

/// A version of a promise or policy that was proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProposedVersion {
    /// Of which kind it is: promise or policy.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The number of the version.
    pub version: u32,
}

/// What is to be said about documents by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckReport {
    /// What is wrong or doubtful.
    pub problems: Vec<DocumentProblem>,
    /// Whether there is an error.
    pub refused: bool,
}

/// How much a problem of a document matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The files are not applied.
    Error,
    /// They are, and the message says how they were understood.
    Warning,
}

/// What is wrong or doubtful at one place of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DocumentProblem {
    /// The file.
    pub path: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Whether the files can still be applied.
    pub severity: Severity,
    /// A stable name of the rule.
    pub code: String,
    /// The field within its object; empty where the whole file is meant.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/documents", Access::Reader, list),
        Route::post("/api/v1/documents/check", Scope::Read, check)
            .for_readers()
            .body_max(DOCUMENTS_BYTES_MAX),
        Route::get("/api/v1/documents/{set}", Access::Reader, show),
        Route::put("/api/v1/documents/{set}", Scope::Write, apply).body_max(DOCUMENTS_BYTES_MAX),
        Route::post("/api/v1/documents/{set}/plan", Scope::Read, plan)
            .for_readers()
            .body_max(DOCUMENTS_BYTES_MAX),
    ]
}

impl ObjectName {
    fn of(kind: Kind, name: &str) -> Self {
        ObjectName { kind: kind.name().to_owned(), name: name.to_owned() }
    }
}

impl Proposal {
    fn of(new: &catalog::Proposal) -> Self {
        Proposal {
            kind: new.id.kind.name().to_owned(),
            name: new.id.name.to_string(),
            version: new.version,
            needs_reason: new.needs_reason,
            differences: new.differences.iter().map(ToString::to_string).collect(),
        }
    }
}

impl ProposedVersion {
    fn of(kind: Kind, name: &str, version: u32) -> Self {
        ProposedVersion { kind: kind.name().to_owned(), name: name.to_owned(), version }
    }
}

impl Break {
    fn of(name: &str, why: &[Breakage]) -> Self {
        Break { promise: name.to_owned(), why: why.iter().map(ToString::to_string).collect() }
    }
}

impl From<&spec::Problem> for DocumentProblem {
    fn from(problem: &spec::Problem) -> Self {
        let severity = if problem.is_error() { Severity::Error } else { Severity::Warning };
        DocumentProblem {
            path: problem.path.clone(),
            line: problem.line,
            column: problem.column,
            severity,
            code: problem.code.to_owned(),
            field: problem.field.clone(),
            message: problem.message.clone(),
            hint: problem.hint.clone(),
        }
    }
}

fn problems(problems: &[spec::Problem]) -> Vec<DocumentProblem> {
    problems.iter().map(DocumentProblem::from).collect()
}

/// All sets that have objects in force.
#[utoipa::path(get, path = "/api/v1/documents", tag = "documents", params(PageQuery),
    responses((status = 200, body = Page<SetSummary>)))]
pub(super) async fn list(State(app): State<Arc<App>>, Params(query): Params<PageQuery>) -> Answer {
    let cut = query.cut()?;
    let mut sets: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for known in app.desk.published().read().objects.values() {
        let owner = &known.owner;
        if !sets.contains_key(&owner.set) {
            sets.insert(owner.set.clone(), BTreeMap::new());
        }
        if let Some(files) = sets.get_mut(&owner.set) {
            *files.entry(owner.file.clone()).or_default() += 1;
        }
    }
    let rest = sets.into_iter().filter(|(set, _)| cut.is_behind(set));
    let summaries = rest.map(|(set, files)| {
        let summary =
            SetSummary { set: set.clone(), files: files.len(), objects: files.values().sum() };
        (set, summary)
    });
    report(&cut.page(summaries))
}

fn find(state: &Practice, set: &str) -> Option<Set> {
    let mut files: BTreeMap<String, Vec<ObjectName>> = BTreeMap::new();
    for (id, known) in state.objects.iter().filter(|(_, known)| known.owner.set == set) {
        let name = ObjectName::of(id.kind, &id.name);
        files.entry(known.owner.file.clone()).or_default().push(name);
    }
    (!files.is_empty()).then(|| Set { set: set.to_owned(), files })
}

/// The entity tag of a set: another one as soon as any of its objects is another. None while it declares nothing.
fn tag(objects: &Objects, set: &str) -> Option<String> {
    let own: Vec<_> = objects.iter().filter(|(_, known)| known.owner.set == set).collect();
    if own.is_empty() { None } else { answer::tag(&own) }
}

/// What a set declares.
#[utoipa::path(get, path = "/api/v1/documents/{set}", tag = "documents",
    params(("set" = String, Path, description = "The name of the set.")),
    responses((status = 200, body = Set), (status = 404, body = ProblemDocument)))]
pub(super) async fn show(State(app): State<Arc<App>>, call: Call, Named(name): Named) -> Answer {
    let state = app.desk.published().read();
    let (set, tag) = find(&state, &name).zip(tag(&state.objects, &name)).ok_or_else(|| {
        let hint = "GET /api/v1/documents lists them";
        Problem::not_found(format!("no set {name:?} has objects in force"), hint)
    })?;
    one_of_tag(&call, &set, &tag)
}

/// Makes the catalog what the files of a set say, all of them or nothing.
#[utoipa::path(put, path = "/api/v1/documents/{set}", tag = "documents", request_body = Documents,
    params(("set" = String, Path, pattern = "^[A-Za-z0-9._-]{1,100}$", description = "The name of the set.")),
    responses((status = 200, body = Applied), (status = 409, body = ProblemDocument),
        (status = 422, body = ProblemDocument)))]
pub(super) async fn apply(
    State(app): State<Arc<App>>,
    call: Call,
    Named(set): Named,
    Json(documents): Json<Documents>,
) -> Answer {
    check_set(&set)?;
    let files = files(documents.files)?;
    let may_withdraw = documents.delete;
    let sought = set.clone();
    let condition = call.only_while(move |state| tag(&state.objects, &sought));
    let (named, reason) = (set.clone(), documents.reason);
    let command = Command::Apply { set: named, files: files.clone(), may_withdraw, reason };
    let done = app.act_aside(call, command, Aside { secret: None, condition }).await;
    let Planned { plan, .. } = planned(&app, set.clone(), files).await?;
    match done {
        Ok(done) => report(&applied(set, &done, &plan)),
        Err(problem) => Err(explained(problem, &plan, may_withdraw)),
    }
}

/// What applying files would do. It changes nothing.
#[utoipa::path(post, path = "/api/v1/documents/{set}/plan", tag = "documents",
    request_body = Documents,
    params(("set" = String, Path, pattern = "^[A-Za-z0-9._-]{1,100}$", description = "The name of the set.")),
    responses((status = 200, body = PlanReport)))]
pub(super) async fn plan(
    State(app): State<Arc<App>>,
    Named(set): Named,
    Json(documents): Json<Documents>,
) -> Answer {
    check_set(&set)?;
    let Planned { plan, etag } = planned(&app, set.clone(), files(documents.files)?).await?;
    report(&PlanReport {
        set,
        changes: plan.changes.iter().map(|(id, change)| view(id, change)).collect(),
        unchanged: plan.unchanged,
        proposals: plan.proposals.iter().map(Proposal::of).collect(),
        breaks: plan.breaks.iter().map(|(name, why)| Break::of(name, why)).collect(),
        problems: problems(&plan.problems),
        refused: plan.is_refused(),
        etag,
    })
}

/// Checks files by themselves, without a look at what is here.
#[utoipa::path(post, path = "/api/v1/documents/check", tag = "documents", request_body = Files,
    responses((status = 200, body = CheckReport)))]
pub(super) async fn check(State(app): State<Arc<App>>, Json(wanted): Json<Files>) -> Answer {
    let files = files(wanted.files)?;
    let found = app.heavily(move || Ok(catalog::check(&files))).await?;
    let refused = found.iter().any(spec::Problem::is_error);
    report(&CheckReport { problems: problems(&found), refused })
}

/// A plan, and the entity tag of the set that it was held against.
struct Planned {
    plan: Plan,
    etag: Option<String>,
}

/// Plans on a copy of the catalog: documents take long to read, and whoever holds the state holds everybody up.
async fn planned(
    app: &App,
    set: String,
    files: Vec<(String, Vec<u8>)>,
) -> Result<Planned, Problem> {
    let state = {
        let state = app.desk.published().read();
        let (objects, versions) = (state.objects.clone(), state.versions.clone());
        let people = state.people.clone();
        Practice { objects, versions, people, ..Practice::default() }
    };
    let today = today(app);
    app.heavily(move || {
        let etag = tag(&state.objects, &set);
        let mut plan = catalog::plan(&state, &set, &files);
        plan.problems.extend(plan.overdue(today));
        Ok(Planned { plan, etag })
    })
    .await
}

fn check_set(set: &str) -> Result<(), Problem> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    // In a path these two mean folders, and many a client takes them out.
    let is_folder = [".", ".."].contains(&set);
    if (1..=SET_NAME_BYTES_MAX).contains(&set.len()) && set.bytes().all(allowed) && !is_folder {
        return Ok(());
    }
    let hint =
        format!("write 1 to {SET_NAME_BYTES_MAX} letters, digits, dots, hyphens, underscores");
    Err(Problem::new(Code::Invalid, format!("{set:?} is no name of a set"), hint))
}

fn files(files: BTreeMap<String, String>) -> Result<Vec<(String, Vec<u8>)>, Problem> {
    if files.len() > DOCUMENT_FILES_MAX {
        let detail =
            format!("there are {} files, above the limit of {DOCUMENT_FILES_MAX}", files.len());
        return Err(Problem::new(Code::TooMany, detail, "split them into several sets"));
    }
    Ok(files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect())
}

fn view(id: &ObjectId, change: &catalog::Change) -> Change {
    let object = |object| serde_json::to_value(object).ok();
    let (action, file, before, after) = match change {
        catalog::Change::Declare { after, place } => {
            (Action::Declare, Some(&place.path), None, object(after))
        }
        catalog::Change::Alter { before, after, place } => {
            (Action::Alter, Some(&place.path), object(before), object(after))
        }
        catalog::Change::Move { place, .. } => (Action::Move, Some(&place.path), None, None),
        catalog::Change::HandOver { to, .. } => (Action::Move, Some(&to.file), None, None),
        catalog::Change::Withdraw { before } => (Action::Withdraw, None, object(before), None),
    };
    let (kind, name) = (id.kind.name().to_owned(), id.name.to_string());
    Change { action, kind, name, file: file.cloned(), before, after }
}

fn applied(set: String, done: &Done, plan: &Plan) -> Applied {
    let mut applied = Applied {
        set,
        seq: done.seq,
        declared: Vec::new(),
        withdrawn: Vec::new(),
        proposed: Vec::new(),
        warnings: problems(&plan.problems),
    };
    for event in &done.events {
        match event {
            Event::Declared(declared) => {
                applied.declared.push(ObjectName::of(declared.object.kind(), &declared.name));
            }
            Event::Withdrawn(withdrawn) => {
                applied.withdrawn.push(ObjectName::of(withdrawn.id.kind, &withdrawn.id.name));
            }
            Event::PromiseProposed(new) => {
                applied.proposed.push(ProposedVersion::of(Kind::Promise, &new.name, new.version));
            }
            Event::PolicyProposed(new) => {
                applied.proposed.push(ProposedVersion::of(Kind::Policy, &new.name, new.version));
            }
            _ => {}
        }
    }
    applied
}

/// Says all that is wrong, where the rules name the first thing only.
fn explained(problem: Problem, plan: &Plan, may_withdraw: bool) -> Problem {
    if !matches!(problem.code(), Code::Invalid | Code::Conflict) {
        return problem;
    }
    if plan.is_refused() {
        let all = problems(&plan.problems);
        let errors = all.iter().filter(|one| one.severity == Severity::Error).count();
        let detail = format!("the files have {errors} errors; nothing was applied");
        return Problem::new(Code::Invalid, detail, "put right what `problems` lists")
            .with("problems", json!(all));
    }
    let withdrawn: Vec<ObjectName> =
        plan.withdrawn().map(|id| ObjectName::of(id.kind, &id.name)).collect();
    if may_withdraw || withdrawn.is_empty() {
        return problem;
    }
    let detail = format!("{} objects would be withdrawn; nothing was applied", withdrawn.len());
    let hint = "send `\"delete\": true` to withdraw them, or declare them again; their slots stay";
    Problem::new(Code::Conflict, detail, hint).with("withdrawn", json!(withdrawn))
}
