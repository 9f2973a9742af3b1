//! Tables: one look for all nouns.
//!
//! A dim line of headings, columns two blanks apart, no frames. Where a terminal is too narrow the widest columns
//! break their text; a pipe gets every row as one line.

use std::fmt::Write as _;

use plimsoll_core::printable::printable;

use crate::page::{DIM, width};

const GAP: usize = 2;

/// Columns of text are never narrower than this; a terminal that has less room breaks lines itself.
const COLUMN_MIN: usize = 8;

/// On which side a column's texts stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

/// Rows under headings.
#[derive(Debug)]
pub struct Table {
    /// What is said where there are no rows.
    nothing: &'static str,
    headings: Vec<(&'static str, Side)>,
    rows: Vec<Vec<String>>,
    /// What is said below the rows.
    below: Vec<String>,
}

impl Table {
    /// A table with these headings, and what is said instead where it has no rows. A heading that begins with `>` is
    /// that of a column of figures, on the right.
    pub fn new(nothing: &'static str, headings: &[&'static str]) -> Self {
        let headings = headings.iter().map(|heading| match heading.strip_prefix('>') {
            Some(heading) => (heading, Side::Right),
            None => (*heading, Side::Left),
        });
        Table { nothing, headings: headings.collect(), rows: Vec::new(), below: Vec::new() }
    }

    /// Adds a row: a cell for each heading. What is not printable in it is escaped.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.map(|cell| printable(&cell).into_owned()).into());
    }

    /// Says a sentence below the rows.
    pub fn below(&mut self, text: &str) {
        self.below.push(printable(text).into_owned());
    }

    /// The table for a terminal of so many columns; without one, for other programs.
    pub fn text(&self, terminal_columns: Option<usize>) -> String {
        if self.rows.is_empty() {
            return format!("{}\n", self.nothing);
        }
        let widths = self.widths(terminal_columns);
        let headings: Vec<String> =
            self.headings.iter().map(|(name, _)| (*name).to_owned()).collect();
        let mut text = String::new();
        for line in self.lines(&headings, &widths) {
            // Writing to a String does not fail.
            let _ = writeln!(text, "{DIM}{line}{DIM:#}");
        }
        for line in self.rows.iter().flat_map(|row| self.lines(row, &widths)) {
            text.push_str(&line);
            text.push('\n');
        }
        for line in &self.below {
            text.extend([line, "\n"]);
        }
        text
    }

    /// How wide each column is: as its widest cell, or less where the terminal is narrower than that.
    fn widths(&self, terminal_columns: Option<usize>) -> Vec<usize> {
        let of_column = |at: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(at)).map(|cell| width(cell));
            cells.chain([width(self.headings[at].0)]).max().unwrap_or_default()
        };
        let mut widths: Vec<usize> = (0..self.headings.len()).map(of_column).collect();
        let Some(columns) = terminal_columns else { return widths };
        let gaps = GAP * widths.len().saturating_sub(1);
        while widths.iter().sum::<usize>() + gaps > columns {
            let texts =
                widths.iter_mut().zip(&self.headings).filter(|(_, (_, side))| *side == Side::Left);
            match texts.map(|(width, _)| width).filter(|width| **width > COLUMN_MIN).max() {
                Some(widest) => *widest -= 1,
                None => break,
            }
        }
        widths
    }

    /// A row as lines: as many as its highest cell has.
    fn lines(&self, row: &[String], widths: &[usize]) -> Vec<String> {
        let cells: Vec<Vec<String>> =
            row.iter().zip(widths).map(|(cell, width)| broken(cell, *width)).collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or_default();
        let line = |number: usize| {
            let pieces =
                cells.iter().zip(widths).zip(&self.headings).map(|((cell, room), (_, side))| {
                    let piece = cell.get(number).map_or("", String::as_str);
                    let blanks = " ".repeat(room.saturating_sub(width(piece)));
                    match side {
                        Side::Left => format!("{piece}{blanks}"),
                        Side::Right => format!("{blanks}{piece}"),
                    }
                });
            let line = pieces.collect::<Vec<_>>().join(&" ".repeat(GAP));
            line.trim_end().to_owned()
        };
        (0..height).map(line).collect()
    }
}

/// A text in pieces no wider than this, broken at blanks, and within words that are wider.
fn broken(text: &str, room: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for word in text.split(' ') {
        let mut word = word;
        loop {
            let last = pieces.len() - 1;
            let used = width(&pieces[last]);
            let blank = usize::from(used > 0);
            if used + blank + width(word) <= room {
                if blank > 0 {
                    pieces[last].push(' ');
                }
                pieces[last].push_str(word);
                break;
            }
            if used == 0 {
                let end = word.char_indices().nth(room.max(1)).map_or(word.len(), |(at, _)| at);
                pieces[last].push_str(&word[..end]);
                word = &word[end..];
                if word.is_empty() {
                    break;
                }
            }
            pieces.push(String::new());
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn table() -> Table {
        let mut table = Table::new("nothing", &["NAME", ">LEFT", "WHY"]);
        table.row(["web".into(), "75.9 %".into(), "agreed work on the database".into()]);
        table.row(["api\n".into(), "-120.4 %".into(), String::new()]);
        table
    }

    fn plain(text: &str) -> String {
        text.replace(&format!("{DIM}"), "").replace(&format!("{DIM:#}"), "")
    }

    #[test]
    fn figures_stand_on_the_right_and_nothing_at_the_end() {
        expect![[r"
            NAME       LEFT  WHY
            web      75.9 %  agreed work on the database
            api\n  -120.4 %
        "]]
        .assert_eq(&plain(&table().text(None)));
    }

    #[test]
    fn a_narrow_terminal_breaks_texts_and_keeps_figures() {
        expect![[r"
            NAME       LEFT  WHY
            web      75.9 %  agreed work
                             on the
                             database
            api\n  -120.4 %
        "]]
        .assert_eq(&plain(&table().text(Some(28))));
        for columns in 25..80 {
            let text = plain(&table().text(Some(columns)));
            assert!(text.lines().all(|line| width(line) <= columns), "{columns}:\n{text}");
        }
    }

    #[test]
    fn a_word_wider_than_its_column_is_cut() {
        assert_eq!(broken("abcdef gh", 4), ["abcd", "ef", "gh"]);
        assert_eq!(broken("", 4), [""]);
        assert_eq!(broken("abc", 1), ["a", "b", "c"]);
    }
}
