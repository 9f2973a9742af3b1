//! What promises and policies have in common: their versions, and who signs them.

use plimsoll_core::ratio::grouped;
use plimsoll_server::api::agreements::{
    Agreement, NewAgreement, Role, Signature, Standing, Version,
};

use crate::{
    client::{self, At, path},
    failure::Failure,
    mark::author,
    output,
    page::Page,
    table::Table,
    words::minute,
};

/// The arguments of every `agree`.
#[derive(Debug, clap::Args)]
pub struct Agree {
    /// Its name
    name: String,
    /// For whom you sign
    #[arg(long, value_name = "ROLE", value_parser = role)]
    role: Role,
    /// The version that you read and sign; another one than the newest is refused
    #[arg(long, value_name = "NUMBER")]
    version: u32,
    /// Print the JSON of the interface
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

/// Reads a role.
///
/// # Errors
/// When it is none.
pub fn role(text: &str) -> Result<Role, String> {
    match text {
        "product" => Ok(Role::Product),
        "engineering" => Ok(Role::Engineering),
        _ => Err("write product or engineering".to_owned()),
    }
}

impl Agree {
    /// Signs something that the interface has under this noun.
    ///
    /// # Errors
    /// [`Failure`], when the server refuses or cannot be reached.
    pub fn run(&self, noun: &str) -> Result<(), Failure> {
        let new = NewAgreement { role: self.role, version: self.version };
        let answer = self.at.client()?.post(&path(&[noun, &self.name, "agreements"]), &new)?;
        if self.json {
            return output::json(&answer);
        }
        let Agreement { kind, name, standing, .. } = client::read(answer.as_bytes())?;
        output::say(&format!("signed; {kind} {name}: {}", standing.text))
    }
}

/// A standing in a word or two, for tables: `v2 agreed`, `v3 proposed, v2 in force`.
pub fn short(standing: &Standing) -> String {
    let version = grouped(standing.version.into());
    match (standing.version, standing.agreed, standing.in_force) {
        (0, ..) => "not agreed".to_owned(),
        (_, true, _) if standing.solo => format!("v{version} agreed (solo)"),
        (_, true, _) => format!("v{version} agreed"),
        (_, false, Some(before)) => format!("v{version} proposed, v{before} in force"),
        (_, false, None) => format!("v{version} proposed"),
    }
}

/// Versions, the newest first.
pub fn history(versions: &[Version]) -> Table {
    let headings = ["VERSION", "STAGE", "PROPOSED (UTC)", "BY", "SIGNED", "WHAT CHANGED", "REASON"];
    let nothing = "there is no version yet; apply its documents again to propose one";
    let mut table = Table::new(nothing, &headings);
    for version in versions {
        table.row([
            version.version.to_string(),
            version.stage.clone(),
            minute(&version.proposed),
            author(version.by.clone()),
            signed(&version.signatures),
            changes(version),
            version.reason.clone().unwrap_or_default(),
        ]);
    }
    table
}

fn signed(signatures: &[Signature]) -> String {
    let one = |Signature { role, by, .. }: &Signature| format!("{role}: {}", author(by.clone()));
    signatures.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// `slo web: target 99.9 % → 99 %; tier B → A`.
fn changes(version: &Version) -> String {
    let words = version.changes.iter().map(|change| match (&change.before, &change.after) {
        (Some(before), Some(after)) => format!("{} {before} → {after}", change.term),
        (None, Some(after)) => format!("{} added: {after}", change.term),
        (Some(before), None) => format!("{} no longer: {before}", change.term),
        (None, None) => change.term.clone(),
    });
    words.collect::<Vec<_>>().join("; ")
}

/// Who signed the newest version, on a page.
pub fn facts(standing: &Standing, versions: &[Version], page: &mut Page) {
    page.fact("agreement", &standing.text);
    for Signature { role, by, at } in versions.first().into_iter().flat_map(|one| &one.signatures) {
        page.fact("signed", &format!("for {role} by {}, {} UTC", author(by.clone()), minute(at)));
    }
}
