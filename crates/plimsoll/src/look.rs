//! How what is there is looked at: a list of it as a table, and one of it as a page. What a noun says of itself is its
//! path, its rows and its page.

use serde::de::DeserializeOwned;

use crate::{
    client::{self, At, path},
    failure::Failure,
    output,
    page::Page,
    table::Table,
};

/// The arguments of every `list`.
#[derive(Debug, clap::Args)]
pub struct List {
    /// Print the JSON of the interface
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

/// The arguments of every `show`.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// Its name
    name: String,
    /// Print the JSON of the interface
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

impl List {
    /// Prints all things of a noun, which the interface has under that name.
    ///
    /// # Errors
    /// [`Failure`], when the server cannot be reached or refuses.
    pub fn print<T: DeserializeOwned>(
        &self,
        noun: &str,
        table: impl FnOnce(Vec<T>) -> Table,
    ) -> Result<(), Failure> {
        output::list(&self.at.client()?.list(&path(&[noun]))?, self.json, table)
    }
}

impl Show {
    /// Prints one thing of a noun.
    ///
    /// # Errors
    /// As [`List::print`], or when there is no such thing.
    pub fn print<T: DeserializeOwned>(
        &self,
        noun: &str,
        page: impl FnOnce(&T, &mut Page),
    ) -> Result<(), Failure> {
        output::one(&self.at.client()?.get(&path(&[noun, &self.name]))?, self.json, page)
    }

    /// Prints what one thing of a noun holds, as a table.
    ///
    /// # Errors
    /// As [`Show::print`].
    pub fn print_table<T: DeserializeOwned>(
        &self,
        noun: &str,
        table: impl FnOnce(T) -> Table,
    ) -> Result<(), Failure> {
        let answer = self.at.client()?.get(&path(&[noun, &self.name]))?;
        if self.json {
            return output::json(&answer);
        }
        let table = table(client::read(answer.as_bytes())?);
        output::print(&table.text(output::terminal_columns()))
    }
}
