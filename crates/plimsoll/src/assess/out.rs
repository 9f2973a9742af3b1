//! Writes the proposed objectives as documents.

use std::{
    fs::{self, File, OpenOptions},
    hash::{BuildHasher as _, RandomState},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use plimsoll_core::{
    promise::slo::Slo,
    spec::{SliSource, write},
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
        .filter(|objective| objective.decides())
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
    let text = write::yaml(&write::proposal(&proposed, answer.logs.clone()));
    let path = folder.join(FILE);
    fs::create_dir_all(folder)
        .and_then(|()| save(&path, text.as_bytes(), args.force))
        .map_err(|error| cannot(&path, &error))?;
    Ok(vec![path])
}

/// Refuses a folder that is something else, before any time is spent on reading logs.
///
/// # Errors
/// [`Failure`], which says what it is.
pub fn check(folder: &Path) -> Result<(), Failure> {
    match fs::metadata(folder) {
        Ok(metadata) if !metadata.is_dir() => {
            let what =
                if metadata.is_file() { "is a file, not a folder" } else { "is not a folder" };
            Err(Failure::usage(format!("--out: {} {what}", folder.display())))
        }
        _ => Ok(()),
    }
}

fn cannot(path: &Path, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Failure::input(format!("{} is there and says something else", path.display()))
                .hint("--force replaces it")
        }
        _ => Failure::input(format!("cannot write {}: {error}", path.display())),
    }
}

/// Writes beside the file first, so that it is never half there. A file that may hold anything else than `text` is
/// only replaced with `force`; what is no file never is.
fn save(path: &Path, text: &[u8], force: bool) -> io::Result<()> {
    match is_there(path, text) {
        Ok(Some(true)) => return Ok(()),
        Ok(Some(false)) if !force => return Err(io::ErrorKind::AlreadyExists.into()),
        Ok(_) => {}
        // What cannot be read can still be replaced.
        Err(error) if force && error.kind() == io::ErrorKind::PermissionDenied => {}
        Err(error) => return Err(error),
    }
    let (mut file, beside) = beside(path)?;
    let written = file.write_all(text).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// Whether a file is there that holds `text`; `None` when nothing is there.
fn is_there(path: &Path, text: &[u8]) -> io::Result<Option<bool>> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    // Opening a pipe would wait for its writer.
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::other("what is there is not a regular file"));
    }
    Ok(Some(metadata.len() == text.len() as u64 && fs::read(path)? == text))
}

/// A new file beside this one, under a name that nobody can have prepared.
fn beside(path: &Path) -> io::Result<(File, PathBuf)> {
    let name = format!("{FILE}.{:016x}.new", RandomState::new().hash_one(path));
    let beside = path.with_file_name(name);
    let file = OpenOptions::new().write(true).create_new(true).open(&beside)?;
    Ok((file, beside))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn names(folder: &TempDir) -> Vec<String> {
        let entries = fs::read_dir(folder.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn nothing_is_replaced_without_force_whatever_its_bytes_are() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join(FILE);
        for there in [&b"precious \xff\n"[..], b"", b"texts"] {
            fs::write(&path, there).unwrap();
            let error = save(&path, b"text", false).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(fs::read(&path).unwrap(), there);
            save(&path, b"text", true).unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"text");
            save(&path, b"text", false).unwrap();
        }
        assert_eq!(names(&folder), [FILE]);
    }

    #[test]
    fn what_is_no_file_is_never_replaced_and_nothing_is_left_behind() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join(FILE);
        fs::create_dir(&path).unwrap();
        for force in [false, true] {
            let error = save(&path, b"text", force).unwrap_err();
            assert_eq!(error.to_string(), "what is there is not a regular file");
            assert_eq!(names(&folder), [FILE]);
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_written_through() {
        use std::os::unix::fs::symlink;
        let folder = TempDir::new().unwrap();
        let (path, victim) = (folder.path().join(FILE), folder.path().join("victim"));
        // One that leads nowhere is something too.
        symlink(&victim, &path).unwrap();
        assert_eq!(save(&path, b"text", false).unwrap_err().kind(), io::ErrorKind::NotFound);
        fs::write(&victim, "victim").unwrap();
        save(&path, b"text", true).unwrap();
        assert_eq!(fs::read(&victim).unwrap(), b"victim");
        assert_eq!(fs::read(&path).unwrap(), b"text");
    }
}
