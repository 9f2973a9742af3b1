//! Tokens: what a program shows to act for a person.

use std::{collections::BTreeSet, sync::Arc};

use axum::extract::State;
use plimsoll_core::{
    command::Command,
    event::Event,
    people::token::{self, TokenId},
    state::State as Practice,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    answer::{Answer, created, gone, one, report, secretly, time},
    app::{App, Aside, made},
    auth::{Access, Secret},
    call::{Call, Json, Named, Params},
    page::{Page, PageQuery},
    problem::{Problem, ProblemDocument},
    route::Route,
};

/// For how long a token is valid where the request does not say, in days.
const DAYS_DEFAULT: u32 = 90;

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Look at everything that is no secret.
    Read,
    /// Send measurements.
    Push,
    /// Record changes, and ask for exceptions.
    Change,
    /// Change documents, attributions and exclusions; answer exceptions; and all that `change` allows.
    Write,
    /// People, tokens, backups; and everything else.
    Admin,
}

/// A token. What proves it is shown once, when it is issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// Its name.
    pub id: String,
    /// For whom it acts.
    pub person: String,
    /// What it is for.
    pub label: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// When it was issued.
    #[schema(format = DateTime)]
    pub issued: String,
    /// From when on it is not valid any more.
    #[schema(format = DateTime)]
    pub expires: String,
    /// When it was revoked; null while it is not.
    #[schema(format = DateTime)]
    pub revoked: Option<String>,
    /// Whether it is valid now.
    pub valid: bool,
}

/// A token to issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// For whom it is to act; for whoever asks, where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// What it is for.
    #[serde(default)]
    #[schema(max_length = 120)]
    pub label: String,
    /// What it may be used for; at least one. One that is named twice is one.
    #[schema(min_items = 1, value_type = Vec<Scope>)]
    pub scopes: BTreeSet<Scope>,
    /// For how many days it is valid, up to 366; 90 where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 366)]
    pub days: Option<u32>,
}

/// A token that was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IssuedToken {
    /// The token.
    #[serde(flatten)]
    pub token: Token,
    /// Its text, with the secret that proves it: shown once and kept nowhere. Null in the answer to a repeat of the
    /// request; then revoke the token and issue another.
    pub text: Option<String>,
}

pub(super) fn routes() -> Vec<Route> {
    let admin = token::Scope::Admin;
    vec![
        Route::get("/api/v1/tokens", Access::Scope(admin), list),
        Route::post("/api/v1/tokens", admin, issue),
        Route::get("/api/v1/tokens/{token}", Access::Scope(admin), show),
        Route::delete("/api/v1/tokens/{token}", admin, revoke),
    ]
}

impl From<token::Scope> for Scope {
    fn from(scope: token::Scope) -> Self {
        match scope {
            token::Scope::Read => Scope::Read,
            token::Scope::Push => Scope::Push,
            token::Scope::Change => Scope::Change,
            token::Scope::Write => Scope::Write,
            token::Scope::Admin => Scope::Admin,
        }
    }
}

impl From<Scope> for token::Scope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Read => token::Scope::Read,
            Scope::Push => token::Scope::Push,
            Scope::Change => token::Scope::Change,
            Scope::Write => token::Scope::Write,
            Scope::Admin => token::Scope::Admin,
        }
    }
}

fn view(id: &TokenId, token: &token::Token, now_ms: i64) -> Token {
    Token {
        id: id.0.to_string(),
        person: token.person.as_str().to_owned(),
        label: token.label.clone(),
        scopes: token.scopes.iter().map(|scope| Scope::from(*scope)).collect(),
        issued: time(token.issued_ms),
        expires: time(token.expires_ms),
        revoked: token.revoked_ms.map(time),
        valid: token.is_valid(now_ms),
    }
}

fn find(state: &Practice, id: &str, now_ms: i64) -> Option<Token> {
    let id = TokenId(id.into());
    state.tokens.get(&id).map(|token| view(&id, token, now_ms))
}

fn none(id: &str) -> Problem {
    Problem::not_found(format!("there is no token {id:?}"), "GET /api/v1/tokens lists them")
}

/// Every token that was issued.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "tokens", params(PageQuery),
    responses((status = 200, body = Page<Token>)))]
pub(super) async fn list(State(app): State<Arc<App>>, Params(query): Params<PageQuery>) -> Answer {
    let cut = query.cut()?;
    let now_ms = app.now_ms();
    let state = app.desk.published().read();
    let rest = state.tokens.range(cut.begin(|id| TokenId(id.into())));
    report(&cut.page(rest.map(|(id, token)| (id.0.to_string(), view(id, token, now_ms)))))
}

/// Issues a token. The answer holds its text, this once.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "tokens", request_body = NewToken,
    responses((status = 201, body = IssuedToken), (status = 404, body = ProblemDocument),
        (status = 422, body = ProblemDocument)))]
pub(super) async fn issue(
    State(app): State<Arc<App>>,
    call: Call,
    Json(wish): Json<NewToken>,
) -> Answer {
    let secret = Secret::fresh()?;
    let asks = call.caller()?.person.as_str().to_owned();
    let command = Command::IssueToken(token::Wish {
        person: wish.person.unwrap_or(asks),
        label: wish.label,
        scopes: wish.scopes.into_iter().map(token::Scope::from).collect(),
        days: wish.days.unwrap_or(DAYS_DEFAULT),
    });
    let aside = Aside { secret: Some(secret.hash().to_bytes()), condition: None };
    let done = app.act_aside(call, command, aside).await?;
    let issued_ms = done.at_ms;
    let issued = made(done, |event| match event {
        Event::TokenIssued(issued) => Some(issued),
        _ => None,
    })?;
    let token::Issued { token: id, person, label, scopes, expires_ms } = issued;
    let token = token::Token { person, label, scopes, issued_ms, expires_ms, revoked_ms: None };
    let token = view(&id, &token, issued_ms);
    // The answer to a repeat is of the first request, whose secret nobody has any more.
    let text = app.keyring.holds(&id, &secret.hash()).then(|| secret.token(&id));
    let place = format!("/api/v1/tokens/{id}");
    created(&place, &IssuedToken { token, text }).map(secretly)
}

/// One token.
#[utoipa::path(get, path = "/api/v1/tokens/{token}", tag = "tokens",
    params(("token" = String, Path, description = "Its name, such as `t-0123456789abcdefghjk`.")),
    responses((status = 200, body = Token), (status = 404, body = ProblemDocument)))]
pub(super) async fn show(State(app): State<Arc<App>>, call: Call, Named(id): Named) -> Answer {
    let now_ms = app.now_ms();
    let token = find(&app.desk.published().read(), &id, now_ms).ok_or_else(|| none(&id))?;
    one(&call, &token)
}

/// Revokes a token. Nothing happens where it is not valid any more.
#[utoipa::path(delete, path = "/api/v1/tokens/{token}", tag = "tokens",
    params(("token" = String, Path, description = "Its name.")),
    responses((status = 204), (status = 404, body = ProblemDocument)))]
pub(super) async fn revoke(State(app): State<Arc<App>>, call: Call, Named(id): Named) -> Answer {
    let now_ms = app.now_ms();
    let command = Command::RevokeToken(id.clone());
    app.act_on(call, command, move |state| find(state, &id, now_ms)).await?;
    Ok(gone())
}
