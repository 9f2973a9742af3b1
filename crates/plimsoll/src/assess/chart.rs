//! Small pictures made of characters.

use plimsoll_core::{
    ratio::{BILLION, percent_ceil, percent_floor},
    review::curve::Point,
};

const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Shares of bad events as one line of at most so many columns: `▁` for none up to `█` for the worst stretch, `·`
/// where nothing happened, and a blank where nothing was seen. Returns the line and what `█` stands for, in parts per
/// billion. Where there is no room for all, neighbours share a column and the worst of them is drawn.
pub fn sparkline(points: &[Point], columns: usize) -> (String, u64) {
    let bad = |point: &Point| if let Point::Bad(ppb) = point { *ppb } else { 0 };
    let highest = points.iter().map(bad).max().unwrap_or(0);
    let draw = |point: &Point| match point {
        Point::Missing => ' ',
        Point::NoTraffic => '·',
        Point::Bad(0) => LEVELS[0],
        // Anything bad stands out from nothing bad.
        Point::Bad(ppb) => {
            LEVELS[(u128::from(*ppb) * 7 / u128::from(highest.max(1))).max(1) as usize]
        }
    };
    let worst = |group: &[Point]| group.iter().copied().max_by_key(weight).map(|p| draw(&p));
    (points.chunks(each(points.len(), columns)).filter_map(worst).collect(), highest)
}

/// Bad weighs more than unseen, and unseen more than quiet.
fn weight(point: &Point) -> (u8, u64) {
    match point {
        Point::NoTraffic => (0, 0),
        Point::Bad(0) => (1, 0),
        Point::Missing => (2, 0),
        Point::Bad(ppb) => (3, *ppb),
    }
}

/// How many of so many points share a column.
fn each(points: usize, columns: usize) -> usize {
    points.div_ceil(columns.max(1)).max(1)
}

/// How many rows a burn-down has above zero.
const ROWS: i64 = 6;

/// What the labels of a burn-down take, with the line beside them.
const AXIS_COLUMNS: usize = 8;

/// What is left of a budget, in words: `75.9 % of the budget left`, `budget overspent by 20.4 %`.
pub fn left_words(left_ppb: i64) -> String {
    match left_ppb {
        ..0 => format!("budget overspent by {}", percent_ceil(left_ppb.saturating_neg())),
        0 => "nothing of the budget left".to_owned(),
        _ => format!("{} of the budget left", percent_floor(left_ppb)),
    }
}

/// What was left of a budget, drawn from 100 % at the top to nothing at the line, and as a note below it; at most so
/// many columns wide, but for the note. Where there is no room for all, the last of neighbours is drawn.
pub fn burn_down(left_ppb: &[i64], columns: usize) -> Vec<String> {
    let each = each(left_ppb.len(), columns.saturating_sub(AXIS_COLUMNS));
    let left_ppb: Vec<i64> =
        left_ppb.chunks(each).filter_map(|group| group.last().copied()).collect();
    let mut lines = Vec::new();
    for row in (0..ROWS).rev() {
        let label = match row {
            row if row == ROWS - 1 => "100 %",
            2 => " 50 %",
            _ => "",
        };
        let bars: String = left_ppb.iter().map(|&left| cell(left, row)).collect();
        lines.push(format!("{label:>6} │{}", bars.trim_end()));
    }
    let axis: String = left_ppb.iter().map(|&left| if left <= 0 { '×' } else { '─' }).collect();
    lines.push(format!("{:>6} └{axis}", "spent"));
    let now = left_ppb.last().copied().unwrap_or(BILLION as i64);
    lines.push(format!("{:>AXIS_COLUMNS$}{} at the end", "", left_words(now)));
    lines
}

/// The part of a bar that lies in a row; a row is a sixth of the budget, drawn in eighths.
fn cell(left_ppb: i64, row: i64) -> char {
    let eighths = left_ppb.clamp(0, BILLION as i64) * ROWS * 8 / BILLION as i64 - row * 8;
    match eighths {
        ..=0 => ' ',
        1..=7 => LEVELS[eighths as usize - 1],
        _ => '█',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_tells_none_from_little_and_from_unseen() {
        let points = [
            Point::Bad(0),
            Point::Bad(1),
            Point::Bad(500),
            Point::Bad(1000),
            Point::NoTraffic,
            Point::Missing,
            Point::Bad(0),
        ];
        assert_eq!(sparkline(&points, 7), ("▁▂▄█· ▁".to_owned(), 1000));
        assert_eq!(sparkline(&[Point::Bad(0)], 7).0, "▁");
        // In half the room the worst of each pair stays; what is unseen is not covered by what was quiet.
        assert_eq!(sparkline(&points, 4), ("▂█ ▁".to_owned(), 1000));
        assert_eq!(sparkline(&points, 0), ("█".to_owned(), 1000));
    }

    #[test]
    fn a_burn_down_falls_to_the_line() {
        let left: Vec<i64> = (0..=12).map(|n| (10 - n) * 100_000_000).collect();
        // 60 % are 28.8 of 48 eighths: three full rows and four eighths of the next.
        let expected = [
            " 100 % │█▃",
            "       │██▆▁",
            "       │████▄",
            "  50 % │██████▃",
            "       │███████▆▁",
            "       │█████████▄",
            " spent └──────────×××",
            "        budget overspent by 20 % at the end",
        ];
        assert_eq!(burn_down(&left, 21), expected);
        // Two share a column: what is left after the second is drawn, 90 %, then 70 %.
        assert_eq!(burn_down(&left, 20)[..2], [" 100 % │▃", "       │█▁"]);
        assert_eq!(burn_down(&left, 20)[6], " spent └─────××");
    }
}
