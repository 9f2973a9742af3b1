//! What `assess` can be asked.

use std::path::PathBuf;

use plimsoll_core::{
    measure::{classify::Rules, gap::Gap, service::By},
    spec::accesslog::service_name,
};

/// Read access logs; find services, propose objectives, say ship or stabilise
///
/// Reads nginx, Apache, Caddy, Envoy, HAProxy, ALB, CloudFront and Traefik access logs, plain, .gz or .zst, rotated
/// sets in any order, `-` for standard input. The format is found by itself. "Now" is the end of the input.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll assess --example
  plimsoll assess /var/log/nginx/access.log*
  plimsoll assess access.log --out slo/        write the proposed objectives as OpenSLO documents
  plimsoll assess access.log --slo slo/        hold the log against them
  ssh web1 cat /var/log/nginx/access.log | plimsoll assess -

Exit codes: 0 the input could be read; lines that do not parse are counted and do not change it. 1 a file is missing,
cut short or not a log, or the documents could not be written. 2 the command line or a document is wrong.")]
pub struct Args {
    /// Access logs; `-` reads standard input
    #[arg(required_unless_present = "example", value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Assess an example: 30 days of a small shop, made by the program itself
    #[arg(long, conflicts_with = "files")]
    pub example: bool,

    /// Print one JSON object
    #[arg(long)]
    pub json: bool,

    /// Write the proposed objectives as documents into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// With --out: replace documents that are there
    #[arg(long, requires = "out")]
    pub force: bool,

    /// Hold the log against the objectives of these documents instead of proposing any
    #[arg(long, value_name = "DOC", num_args = 1.., conflicts_with = "out")]
    pub slo: Vec<PathBuf>,

    /// What makes a service: auto (without it), vhost, segment (of the path) or one
    #[arg(long, value_name = "WHAT", value_parser = By::parse)]
    pub by: Option<By>,

    /// Name of the service, for a log of one service
    #[arg(long, value_name = "NAME", value_parser = service_name)]
    pub service: Option<String>,

    /// Window of the proposed objectives, such as 30d; without it, the longest standard one that the input fills
    #[arg(long, value_name = "LENGTH", value_parser = window_minutes)]
    pub window: Option<u32>,

    /// A further latency threshold to count, such as 250ms; may be repeated
    #[arg(long, value_name = "TIME", value_parser = latency_us)]
    pub latency: Vec<u64>,

    /// Change what is good, bad or excluded, such as "bad=5xx,429 excluded=499,404"
    #[arg(long, value_name = "RULES", value_parser = Rules::parse)]
    pub classify: Option<Rules>,

    /// When silence is missing data: so many requests were to be expected (20), a length (30m), or never
    #[arg(long, value_name = "RULE", value_parser = Gap::parse)]
    pub gap: Option<Gap>,

    /// Read lines by this regular expression, with the named groups time, status, and optionally request or target,
    /// host, and seconds, millis, micros or nanos
    #[arg(long, value_name = "REGEX")]
    pub pattern: Option<String>,

    /// With --pattern: the format of the time, such as "%Y-%m-%d %H:%M:%S%z"
    #[arg(long, value_name = "FORMAT", requires = "pattern")]
    pub time_format: Option<String>,

    /// Worker threads; without it, one for each processor
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub threads: Option<u16>,
}

/// A number and its unit: `30d` is (30, "d").
fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit.trim()))
}

fn window_minutes(text: &str) -> Result<u32, String> {
    let minutes = number_and_unit(text).and_then(|(number, unit)| {
        let minutes: u64 = match unit {
            "m" | "min" => 1,
            "h" => 60,
            "d" => 24 * 60,
            "w" => 7 * 24 * 60,
            _ => return None,
        };
        u32::try_from(number.checked_mul(minutes)?).ok()
    });
    let range =
        plimsoll_core::limits::WINDOW_MINUTES_MIN..=plimsoll_core::limits::WINDOW_MINUTES_MAX;
    minutes
        .filter(|minutes| range.contains(minutes))
        .ok_or_else(|| "a window is a length from 1h to 400d, such as 12h, 7d or 4w".to_owned())
}

fn latency_us(text: &str) -> Result<u64, String> {
    let us = number_and_unit(text).and_then(|(number, unit)| {
        let us: u64 = match unit {
            "us" | "µs" => 1,
            "ms" => 1_000,
            "s" => 1_000_000,
            _ => return None,
        };
        number.checked_mul(us)
    });
    us.filter(|us| (1..=plimsoll_core::limits::THRESHOLD_US_MAX).contains(us)).ok_or_else(|| {
        "a threshold is a time from 1us to 1h, in us, ms or s, such as 250ms".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_services_are_printable() {
        assert_eq!(service_name(" Zürich shop "), Ok("Zürich shop".to_owned()));
        for name in ["", " ", "a\u{1b}[2J", "a\nb", "a\u{202e}b", "a\u{200b}"] {
            assert!(service_name(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn lengths_are_read_with_their_unit() {
        assert_eq!(window_minutes("30d"), Ok(43_200));
        assert_eq!(window_minutes("1h"), Ok(60));
        assert_eq!(latency_us("250ms"), Ok(250_000));
        assert_eq!(latency_us("2s"), Ok(2_000_000));
        for text in ["", "30", "d", "59m", "401d", "-1d", "1.5h", "99999999999999999999d", "1y"] {
            assert!(window_minutes(text).is_err(), "{text}");
        }
        for text in ["", "0ms", "3601s", "1h", "1.5s", "18446744073709551615s"] {
            assert!(latency_us(text).is_err(), "{text}");
        }
    }
}
