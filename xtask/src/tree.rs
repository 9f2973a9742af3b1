//! The files of the repository, as the checks see them.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

/// One text file of the repository.
#[derive(Debug)]
pub(crate) struct File {
    /// Path from the root of the repository, with `/`.
    pub(crate) path: String,
    /// Its content.
    pub(crate) text: String,
}

impl File {
    /// Whether it is Rust source.
    pub(crate) fn is_rust(&self) -> bool {
        self.has_extension("rs")
    }

    /// Whether it is Markdown.
    pub(crate) fn is_markdown(&self) -> bool {
        self.has_extension("md")
    }

    /// Whether it is code at the edge of the program, where it waits for networks and other processes; no test is.
    pub(crate) fn is_edge(&self) -> bool {
        let is_test = self.path.contains("/tests/") || self.path.ends_with("/tests.rs");
        let edges = ["crates/server/src/", "crates/plimsoll/src/"];
        !is_test && edges.iter().any(|edge| self.path.starts_with(edge))
    }

    /// Whether its name ends in this extension.
    pub(crate) fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| found == extension)
    }

    /// Whether it lies in this folder (`crates/core/`).
    pub(crate) fn is_in(&self, folder: &str) -> bool {
        self.path.starts_with(folder)
    }
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// The folder of build output.
pub(crate) fn target() -> PathBuf {
    root().join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// A program of the release build.
pub(crate) fn release(program: &str) -> PathBuf {
    target().join("release").join(program)
}

/// Every text file below `root`, in order of path. Build output, hidden folders other than `.ci` and `.cargo`, and
/// files that are not UTF-8 are left out.
pub(crate) fn read(root: &Path) -> io::Result<Vec<File>> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if entry.file_type()?.is_dir() {
                if is_source_folder(&name) {
                    folders.push(path);
                }
            } else if name != ".git"
                && let Ok(text) = fs::read_to_string(&path)
            {
                files.push(File { path: relative(root, &path), text });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn is_source_folder(name: &str) -> bool {
    let hidden = name.starts_with('.') && name != ".ci" && name != ".cargo";
    !hidden && !["target", "corpus", "artifacts", "node_modules"].contains(&name)
}

fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}
