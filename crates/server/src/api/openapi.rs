//! The description of this interface for programs (OpenAPI 3.1).

mod links;

use std::sync::LazyLock;

use axum::{
    body::Bytes,
    http::{HeaderValue, Method, header},
    response::{IntoResponse, Response},
};
use utoipa::{
    OpenApi,
    openapi::{
        Content, Object, OpenApi as Document, Ref, RefOr, Required, ResponseBuilder, Type,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn},
        security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
    },
};

use super::{
    attributions, auth::Access, backups, bill, budgets, changes, decisions, documents, exceptions,
    exclusions, exit, gate, health, journal, metrics, obedience, people, policies, problem,
    promise_export, promises, route::Route, samples, services, slis, slos, slots, sources, tokens,
};

/// The description, before its routes say what they need.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Plimsoll",
        description = "Reliability: objectives, budgets, and what was done.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(problem::ProblemDocument)),
    paths(
        health::healthy,
        health::ready,
        description,
        people::list,
        people::add,
        people::show,
        people::erase,
        tokens::list,
        tokens::issue,
        tokens::show,
        tokens::revoke,
        documents::list,
        documents::show,
        documents::apply,
        documents::plan,
        documents::check,
        services::list,
        services::show,
        slis::list,
        slis::show,
        slots::show,
        samples::push_one,
        samples::push_several,
        budgets::list,
        budgets::windows,
        budgets::budget,
        budgets::statement,
        decisions::list,
        decisions::made,
        decisions::history,
        gate::show,
        exit::show,
        exit::sign,
        slos::list,
        slos::show,
        sources::list,
        sources::show,
        promises::list,
        promises::cover,
        promise_export::export,
        promises::show,
        promises::agree,
        policies::list,
        policies::show,
        policies::agree,
        exclusions::list,
        exclusions::add,
        exclusions::show,
        exclusions::undo,
        attributions::list,
        attributions::add,
        attributions::show,
        attributions::undo,
        changes::list,
        changes::start,
        changes::show,
        changes::finish,
        obedience::show,
        exceptions::list,
        exceptions::ask,
        exceptions::show,
        exceptions::approve,
        exceptions::reject,
        exceptions::revoke,
        exceptions::pay,
        bill::show,
        journal::list,
        journal::head,
        journal::verify,
        backups::take,
        metrics::show,
        crate::pages::overview,
        crate::pages::decisions,
        crate::pages::policies,
        crate::pages::promises,
        crate::pages::statement,
        crate::pages::changes,
        crate::pages::exceptions,
        crate::pages::style,
    )
)]
struct Api;

static TEXT: LazyLock<Bytes> = LazyLock::new(|| {
    let text = document(&super::routes()).to_pretty_json();
    Bytes::from(text.unwrap_or_default() + "\n")
});

/// The description as it is sent.
pub fn text() -> Bytes {
    TEXT.clone()
}

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/openapi.json", Access::Reader, description)]
}

/// The description of this interface.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "description",
    responses((status = 200, body = Object, content_type = "application/json")))]
pub(super) async fn description() -> Response {
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json)], text()).into_response()
}

/// The name of the way to authenticate.
const BEARER: &str = "token";

/// The description of these routes, with what each asks for.
pub(super) fn document(routes: &[Route]) -> Document {
    let mut document = Api::openapi();
    // The interface has a version in its paths; the program's own would make every release look like another one.
    "1".clone_into(&mut document.info.version);
    let mut bearer = Http::new(HttpAuthScheme::Bearer);
    bearer.description = Some("A token, as `plimsoll token issue` shows it once.".to_owned());
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(BEARER, SecurityScheme::Http(bearer));
    for route in routes {
        if let Some(operation) = operation(&mut document, route) {
            describe(operation, route);
        }
    }
    links::add(&mut document);
    document
}

/// The operation of a route.
fn operation<'a>(document: &'a mut Document, route: &Route) -> Option<&'a mut Operation> {
    let item = document.paths.paths.get_mut(route.path)?;
    match route.method {
        Method::GET => item.get.as_mut(),
        Method::POST => item.post.as_mut(),
        Method::PUT => item.put.as_mut(),
        Method::DELETE => item.delete.as_mut(),
        _ => None,
    }
}

fn describe(operation: &mut Operation, route: &Route) {
    let tag = operation.tags.iter().flatten().next().cloned().unwrap_or_default();
    operation.operation_id = operation.operation_id.take().map(|id| format!("{tag}_{id}"));
    let bearer = |scope: &str| SecurityRequirement::new(BEARER, [scope]);
    operation.security = Some(match route.rules.access {
        Access::Anyone => vec![],
        Access::Reader => vec![SecurityRequirement::default(), bearer("read")],
        Access::Scope(scope) => vec![bearer(scope.name())],
    });
    let parameters = operation.parameters.get_or_insert_default();
    if route.is_command {
        parameters.push(field("Idempotency-Key", "A repeat with the same key is done once, and answered alike. Up to 255 bytes, kept for 24 hours.", KEY).into());
    }
    if matches!(route.method, Method::PUT | Method::DELETE) {
        parameters.push(
            field(
                "If-Match",
                "The ETag of what this is about: where it was changed since, nothing is done.",
                TAGS,
            )
            .into(),
        );
    }
    if route.method == Method::PUT {
        let names_none = "`*`: where there is something already, nothing is done.";
        parameters.push(field("If-None-Match", names_none, TAGS).into());
    }
    for (status, response) in &mut operation.responses.responses {
        if let (RefOr::T(response), true) = (response, status.starts_with(['4', '5'])) {
            let contents = std::mem::take(&mut response.content);
            let as_problem = |(_, content)| (problem::MEDIA_TYPE.to_owned(), content);
            response.content = contents.into_iter().map(as_problem).collect();
        }
    }
    let schema = Ref::from_schema_name("ProblemDocument");
    let content = Content::new(Some(schema));
    let problem = ResponseBuilder::new()
        .description("What is wrong, where, why, and what to do.")
        .content(problem::MEDIA_TYPE, content)
        .build();
    operation.responses.responses.insert("default".to_owned(), problem.into());
}

/// A key of visible letters.
const KEY: &str = "^[!-~]{1,255}$";
/// `*`, or entity tags, which may be none.
const TAGS: &str =
    r#"^(\*|[ \t]*((W/)?"[!#-+\--~]*")?[ \t]*(,[ \t]*((W/)?"[!#-+\--~]*")?[ \t]*)*)$"#;

fn field(name: &str, description: &str, pattern: &str) -> Parameter {
    let mut text = Object::with_type(Type::String);
    text.pattern = Some(pattern.to_owned());
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(text))
        .build()
}
