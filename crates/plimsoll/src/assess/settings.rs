//! How the logs are measured: by the command line and by the documents, which must agree.

use plimsoll_core::spec::accesslog::AccessLogSource;
use plimsoll_source::Input;

use super::{Args, given::Documents};
use crate::failure::Failure;

/// What is in force, with the files that are read. What neither side says is left open.
///
/// # Errors
/// [`Failure`], where the command line contradicts the documents: numbers by other rules are other numbers.
pub fn in_force(
    args: &Args,
    documents: &Documents,
    inputs: &[Input],
) -> Result<AccessLogSource, Failure> {
    let (said, place) = (documents.logs.clone(), documents.logs_place.as_str());
    let files = inputs.iter().filter_map(|input| match input {
        Input::Path(path) => Some(path.display().to_string()),
        Input::Stdin | Input::Made(_) => None,
    });
    Ok(AccessLogSource {
        files: files.collect(),
        pattern: agreed("--pattern", args.pattern.clone(), said.pattern, String::clone, place)?,
        time_format: agreed(
            "--time-format",
            args.time_format.clone(),
            said.time_format,
            String::clone,
            place,
        )?,
        classify: agreed(
            "--classify",
            args.classify.clone(),
            said.classify,
            ToString::to_string,
            place,
        )?,
        by: agreed("--by", args.by, said.by, ToString::to_string, place)?,
        service: agreed("--service", args.service.clone(), said.service, String::clone, place)?,
        gap: agreed("--gap", args.gap, said.gap, |gap| gap.text(), place)?,
    })
}

fn agreed<T: PartialEq>(
    flag: &str,
    asked: Option<T>,
    said: Option<T>,
    text: impl Fn(&T) -> String,
    place: &str,
) -> Result<Option<T>, Failure> {
    match (asked, said) {
        (Some(asked), Some(said)) if asked != said => {
            let what = format!(
                "{flag} {:?} contradicts {place}, which says {:?}",
                text(&asked),
                text(&said)
            );
            Err(Failure::usage(what).hint(format!("leave {flag} out, or change the document")))
        }
        (asked, said) => Ok(asked.or(said)),
    }
}
