//! Agreement on promises and policies: their versions, and who signed them.

use std::collections::BTreeMap;

use plimsoll_core::{
    catalog::{Kind, ObjectId},
    command::Command,
    promise::{agreement, terms},
    state::State as Practice,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    actor::Actor,
    answer::{Answer, created, time},
    app::App,
    call::Call,
};

/// For whom somebody signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// For those who decide what is built.
    Product,
    /// For those who build and run it.
    Engineering,
}

impl From<Role> for agreement::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Product => agreement::Role::Product,
            Role::Engineering => agreement::Role::Engineering,
        }
    }
}

/// A signature that somebody gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAgreement {
    /// For whom.
    pub role: Role,
    /// Under which version: the one that was read. Another one than the newest is refused.
    pub version: u32,
}

/// A signature that was given, and how far the agreement came by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Agreement {
    /// Of which kind it is: promise or policy.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Which version was signed.
    pub version: u32,
    /// For whom.
    pub role: Role,
    /// How far the agreement came.
    pub standing: Standing,
}

/// How far the agreement on a promise or policy came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Standing {
    /// The newest version; 0 where there is none.
    pub version: u32,
    /// Whether both sides signed it.
    pub agreed: bool,
    /// The roles that did not: product, engineering.
    pub missing: Vec<String>,
    /// The version in force, an older one perhaps; null where none ever was.
    pub in_force: Option<u32>,
    /// Whether one person signed it for both sides, which solo mode of the policy allows.
    pub solo: bool,
    /// The same in words.
    pub text: String,
}

/// A version of a promise or policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Version {
    /// Its number, from 1.
    pub version: u32,
    /// How far it came: proposed, agreed, superseded, or outdated, which is superseded without ever having been agreed.
    pub stage: String,
    /// Why it is another than the one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who proposed it.
    pub by: Actor,
    /// When.
    #[schema(format = DateTime)]
    pub proposed: String,
    /// Who signed it.
    pub signatures: Vec<Signature>,
    /// Since when both sides agree on it; null where they do not.
    #[schema(format = DateTime)]
    pub agreed: Option<String>,
    /// Whether one person signed it for both sides.
    pub solo: bool,
    /// The version that `changes` compares it with: the one that was in force when it was proposed, or else the one
    /// before; null for the first one that is kept.
    pub since: Option<u32>,
    /// What is different from that version.
    pub changes: Vec<Difference>,
    /// What it says, term by term, in words.
    pub terms: BTreeMap<String, String>,
}

/// A signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Signature {
    /// For whom: product or engineering.
    pub role: String,
    /// Who.
    pub by: Actor,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
}

/// A term that is another than in an earlier version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Difference {
    /// Which one, such as `slo web: target`.
    pub term: String,
    /// What it was; null where it was not there.
    pub before: Option<String>,
    /// What it is; null where it is not there any more.
    pub after: Option<String>,
}

impl From<agreement::Standing> for Standing {
    fn from(standing: agreement::Standing) -> Self {
        Standing {
            version: standing.version,
            agreed: standing.is_agreed(),
            missing: standing.missing.iter().map(|role| role.word().to_owned()).collect(),
            in_force: standing.in_force,
            solo: standing.is_solo,
            text: standing.sentence(),
        }
    }
}

impl From<terms::Difference> for Difference {
    fn from(difference: terms::Difference) -> Self {
        let terms::Difference { term, before, after } = difference;
        Difference { term, before, after }
    }
}

/// The versions of a promise or policy that are kept, the newest first.
pub(super) fn versions(state: &Practice, id: &ObjectId) -> Vec<Version> {
    let Some(all) = state.versions.get(id) else { return Vec::new() };
    let (mut before, mut agreed): (Option<&agreement::Version>, Option<&agreement::Version>) =
        (None, None);
    let mut versions: Vec<Version> = Vec::new();
    for version in all.iter() {
        let since = agreed.or(before);
        let changes = since.map(|since| since.terms.differences(&version.terms));
        let changes = changes.unwrap_or_default().into_iter().map(Difference::from).collect();
        let since = since.map(|since| since.number);
        versions.push(Version { since, changes, ..view(version, all.stage(version)) });
        before = Some(version);
        agreed = version.agreed_ms().map(|_| version).or(agreed);
    }
    versions.reverse();
    versions
}

fn view(version: &agreement::Version, stage: agreement::Stage) -> Version {
    let signatures = version.signatures.iter().map(|(role, signature)| Signature {
        role: role.word().to_owned(),
        by: Actor::from(&signature.by),
        at: time(signature.at_ms),
    });
    Version {
        version: version.number,
        stage: stage.word().to_owned(),
        reason: version.reason.as_ref().map(ToString::to_string),
        by: Actor::from(&version.by),
        proposed: time(version.proposed_ms),
        signatures: signatures.collect(),
        agreed: version.agreed_ms().map(time),
        solo: version.is_solo(),
        since: None,
        changes: Vec::new(),
        terms: version.terms.facts(),
    }
}

/// How far the agreement came.
pub(super) fn standing(state: &Practice, id: &ObjectId) -> Standing {
    agreement::standing(state, id).into()
}

/// Signs a version of something that is found under this path.
pub(super) async fn agree(
    app: &App,
    call: Call,
    (kind, name): (Kind, String),
    NewAgreement { role, version }: NewAgreement,
    place: &str,
) -> Answer {
    let of = ObjectId { kind, name: name.as_str().into() };
    let wish = agreement::Wish { of: of.clone(), version, role: role.into() };
    app.act(call, Command::Agree(wish)).await?;
    let standing = standing(&app.desk.published().read(), &of);
    let kind = kind.name().to_owned();
    created(place, &Agreement { kind, name, version, role, standing })
}
