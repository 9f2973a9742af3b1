//! Small pictures made of characters.

use plimsoll_core::{
    ratio::{BILLION, percent_floor},
    review::curve::Point,
};

const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Shares of bad events as one line: `▁` for none up to `█` for the worst stretch, `·` where nothing happened, and
/// a blank where nothing was seen. Returns the line and what `█` stands for, in parts per billion.
pub fn sparkline(points: &[Point]) -> (String, u64) {
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
    (points.iter().map(draw).collect(), highest)
}

/// How many rows a burn-down has above zero.
const ROWS: i64 = 6;

/// What was left of a budget, drawn from 100 % at the top to nothing at the line, and as a note below it.
pub fn burn_down(left_ppb: &[i64]) -> Vec<String> {
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
    lines.push(format!("{:>8}{} left at the end", "", percent_floor(now)));
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
        assert_eq!(sparkline(&points), ("▁▂▄█· ▁".to_owned(), 1000));
        assert_eq!(sparkline(&[Point::Bad(0)]).0, "▁");
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
            "        -20 % left at the end",
        ];
        assert_eq!(burn_down(&left), expected);
    }
}
