//! Writes the proposed objectives as documents.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use plimsoll_core::{
    promise::slo::Slo,
    review::assess::Origin,
    spec::{SliSource, accesslog::AccessLogSource, write},
};

use super::{Args, answer::Answer};
use crate::failure::Failure;

/// The document that holds everything proposed.
const FILE: &str = "slos.yaml";

/// Writes into a folder, which is made where it is missing. What is there already is only replaced with `force`.
///
/// # Errors
/// [`Failure`], when there is nothing to write or it cannot be written.
pub fn write(answer: &Answer, args: &Args, folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let proposed: Vec<(Slo, SliSource)> = answer
        .assessment
        .services
        .iter()
        .flat_map(|service| &service.objectives)
        .filter(|objective| objective.origin == Origin::Proposed)
        .map(|objective| {
            let service = objective.slo.service.clone();
            let source = SliSource::AccessLog { service, sli: objective.sli, data_source: None };
            (objective.slo.clone(), source)
        })
        .collect();
    if proposed.is_empty() {
        return Err(Failure::input("there is nothing to write: no objective could be proposed")
            .hint("give more of the log; a target of 90 % needs at least 50 requests"));
    }
    // How the log was read is part of what was found: held against the documents, it must be read the same.
    let logs = AccessLogSource {
        files: answer.inputs.clone(),
        pattern: args.pattern.clone(),
        time_format: args.time_format.clone(),
        classify: args.classify.clone(),
    };
    let text = write::yaml(&write::proposal(&proposed, logs));
    let path = folder.join(FILE);
    save(&path, &text, args.force).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Failure::input(format!("{} is there and says something else", path.display()))
                .hint("--force replaces it")
        }
        _ => Failure::input(format!("cannot write {}: {error}", path.display())),
    })?;
    Ok(vec![path])
}

/// Writes beside the file first, so that it is never half there.
fn save(path: &Path, text: &str, force: bool) -> io::Result<()> {
    match fs::read_to_string(path) {
        Ok(there) if there == text => return Ok(()),
        Ok(_) if !force => return Err(io::Error::from(io::ErrorKind::AlreadyExists)),
        _ => {}
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension("yaml.new");
    fs::write(&beside, text)?;
    fs::rename(&beside, path)
}
