//! Text that fits a terminal: lines break at blanks and go on below where they began.

use anstyle::Style;

/// Narrower terminals break the lines themselves: labels and figures would have no room.
const COLUMNS_MIN: usize = 40;

/// Longer lines are hard to read, however wide the terminal.
const COLUMNS_MAX: usize = 120;

/// How far the text of a labelled line stands from the left.
const LABEL_COLUMNS: usize = 10;

/// Stands for a blank at which a line must not break.
const FIXED_BLANK: char = '\u{a0}';

pub const BOLD: Style = Style::new().bold();
pub const DIM: Style = Style::new().dimmed();

/// Lines of text, none wider than the terminal.
pub struct Page {
    text: String,
    columns: usize,
}

impl Page {
    /// A page for a terminal of so many columns; without one, lines are as long as they are, for other programs.
    pub fn new(terminal_columns: Option<usize>) -> Self {
        let columns = terminal_columns.map_or(usize::MAX, |n| n.clamp(COLUMNS_MIN, COLUMNS_MAX));
        Page { text: String::new(), columns }
    }

    /// How many characters a line has room for behind its label.
    pub fn room(&self) -> usize {
        self.columns - LABEL_COLUMNS
    }

    /// Whether this is one line.
    pub fn fits(&self, text: &str) -> bool {
        width(text) <= self.columns
    }

    /// An empty line.
    pub fn gap(&mut self) {
        self.text.push('\n');
    }

    /// A line with a dim label before it; without one, the text goes on below that of the line before.
    pub fn labelled(&mut self, label: &str, text: &str) {
        self.line(LABEL_COLUMNS, &format!("{DIM}{label:<LABEL_COLUMNS$}{DIM:#}{text}"));
    }

    /// The same for a text from elsewhere: what is not printable in it is escaped.
    pub fn fact(&mut self, label: &str, text: &str) {
        self.labelled(label, &plimsoll_core::printable::printable(text));
    }

    /// A line that begins at the left and goes on after so many blanks.
    pub fn line(&mut self, indent: usize, text: &str) {
        let mut column = 0;
        let mut blanks = 0;
        for word in words(text) {
            let columns = width(word);
            if column > indent && column + blanks + columns > self.columns {
                self.go_on(indent, &mut column);
                blanks = 0;
            }
            self.text.extend(std::iter::repeat_n(' ', blanks));
            column += blanks;
            self.word(word, indent, &mut column);
            blanks = 1;
        }
        self.text.push('\n');
    }

    /// The lines, with styles as ANSI codes.
    pub fn into_text(self) -> String {
        self.text
    }

    /// A word; one that is longer than a line is cut.
    fn word(&mut self, word: &str, indent: usize, column: &mut usize) {
        let mut is_code = false;
        for char in word.chars() {
            is_code |= char == '\x1b';
            if !is_code {
                if *column >= self.columns {
                    self.go_on(indent, column);
                }
                *column += 1;
            }
            is_code &= char != 'm';
            self.text.push(if char == FIXED_BLANK { ' ' } else { char });
        }
    }

    fn go_on(&mut self, indent: usize, column: &mut usize) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n(' ', indent));
        *column = indent;
    }
}

/// The same text as one piece that does not break.
pub fn unbroken(text: &str) -> String {
    text.chars().map(|char| if char == ' ' { FIXED_BLANK } else { char }).collect()
}

/// The pieces between which a line may break. Two blanks in a row leave an empty piece, so that columns stay where
/// they are; a unit stays with its number.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut blanks = text.match_indices(' ').map(|(at, _)| at);
        let end = blanks.find(|&at| !is_unit_after(&text[..at], &text[at + 1..]));
        rest = end.map(|at| &text[at + 1..]);
        Some(end.map_or(text, |at| &text[..at]))
    })
}

/// Whether a number ends here and its unit begins there.
fn is_unit_after(before: &str, after: &str) -> bool {
    let next = after.split(' ').next().unwrap_or_default();
    let unit = next.trim_end_matches([',', ';', ':', '.', ')']);
    before.ends_with(|char: char| char.is_ascii_digit()) && ["%", "min", "h", "d"].contains(&unit)
}

/// How many columns a text takes. Names in scripts with wide characters are rare here, and break no more than looks.
pub fn width(text: &str) -> usize {
    let mut is_code = false;
    let is_seen = |char: &char| {
        is_code |= *char == '\x1b';
        let seen = !is_code;
        is_code &= *char != 'm';
        seen
    };
    text.chars().filter(is_seen).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(columns: usize, write: impl Fn(&mut Page)) -> String {
        let mut page = Page::new(Some(columns));
        write(&mut page);
        page.into_text()
    }

    #[test]
    fn lines_go_on_below_their_text() {
        let text = page(40, |page| {
            page.labelled("why", "the budget is spent; more than 120.4 % of it was used");
        });
        let expected = format!(
            "{DIM}why       {DIM:#}the budget is spent; more than\n          120.4 % of it was used\n"
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn a_number_keeps_its_unit_and_columns_their_blanks() {
        let forty = "a".repeat(36);
        assert_eq!(page(40, |p| p.line(2, &format!("{forty} 99 %"))), format!("{forty}\n  99 %\n"));
        assert_eq!(page(40, |p| p.line(2, "  a   b")), "  a   b\n");
        assert_eq!(
            page(40, |p| p.line(2, &format!("{forty}  bbbb"))),
            format!("{forty}\n  bbbb\n")
        );
        let fixed = format!("{} {}", "a".repeat(38), unbroken("1 2"));
        assert_eq!(page(40, |p| p.line(2, &fixed)), format!("{}\n  1 2\n", "a".repeat(38)));
    }

    #[test]
    fn a_word_longer_than_a_line_is_cut() {
        let path = "/".repeat(100);
        let text = page(40, |page| page.labelled("file", &path));
        assert_eq!(text.matches('/').count(), 100);
        assert!(text.lines().all(|line| width(line) <= 40), "{text}");
    }

    #[test]
    fn styles_take_no_room() {
        let bold = format!("{BOLD}{}{BOLD:#}", "a".repeat(40));
        assert_eq!(page(40, |page| page.line(0, &bold)), format!("{bold}\n"));
    }

    #[test]
    fn without_a_terminal_nothing_breaks() {
        let mut page = Page::new(None);
        let text = "a ".repeat(500);
        page.line(2, text.trim_end());
        assert_eq!(page.into_text().lines().count(), 1);
    }
}
