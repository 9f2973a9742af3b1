//! Where one goes from what was made: to the operations on it, by the name that the answer gives it.

use utoipa::openapi::{OpenApi as Document, RefOr, link::Link, path::Operation};

/// The field of an answer that names what was made; people go by their handle.
const NAME: &str = "$response.body#/id";
const HANDLE: &str = "$response.body#/handle";

/// Links the answer of each operation that makes something to the operations on it.
pub(super) fn add(document: &mut Document) {
    let operations = on_one(document);
    for (path, item) in &mut document.paths.paths {
        let Some(RefOr::T(made)) =
            item.post.as_mut().and_then(|post| post.responses.responses.get_mut("201"))
        else {
            continue;
        };
        let of_it = operations.iter().filter(|one| one.collection == *path);
        made.links.extend(of_it.map(|one| {
            let name = if one.parameter == "handle" { HANDLE } else { NAME };
            let link = Link::builder().operation_id(&one.id).parameter(&one.parameter, name);
            (one.id.clone(), link.build().into())
        }));
    }
}

/// An operation on one thing of a collection.
struct OnOne {
    id: String,
    /// The path of the collection.
    collection: String,
    /// What the thing is called in the path.
    parameter: String,
}

fn on_one(document: &Document) -> Vec<OnOne> {
    let mut operations = Vec::new();
    for (path, item) in &document.paths.paths {
        let Some((collection, rest)) = path.split_once("/{") else { continue };
        let Some((parameter, _)) = rest.split_once('}') else { continue };
        let named = [&item.get, &item.post, &item.put, &item.delete];
        let ids = named.into_iter().flatten().filter_map(|Operation { operation_id, .. }| {
            operation_id.as_ref().map(ToString::to_string)
        });
        operations.extend(ids.map(|id| OnOne {
            id,
            collection: collection.to_owned(),
            parameter: parameter.to_owned(),
        }));
    }
    operations
}
