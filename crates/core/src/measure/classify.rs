//! Which answers are good, which are bad, and which do not count.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a request counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The service kept its promise.
    Good,
    /// The service broke its promise.
    Bad,
    /// It says nothing about the service, and is left out of every indicator.
    Excluded,
}

impl Class {
    const ALL: [Class; 3] = [Class::Bad, Class::Excluded, Class::Good];

    fn word(self) -> &'static str {
        match self {
            Class::Good => "good",
            Class::Bad => "bad",
            Class::Excluded => "excluded",
        }
    }
}

/// Status codes are below this one.
const STATUSES: usize = 1000;
/// The first status code. What is below stands for no response.
const STATUS_FIRST: usize = 100;

/// The class of every status code from 100 to 999, and of a request to which no response was sent.
///
/// The rules in force unless changed: 5xx is bad; 499 (the client closed the connection first) is excluded, and so
/// is a request without a response, because unknown is never healthy; the rest is good.
///
/// The display form, such as `bad=5xx excluded=499,none good=rest`, can be read back by [`Rules::parse`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rules {
    statuses: [Class; STATUSES],
}

impl Default for Rules {
    fn default() -> Self {
        let mut rules = Rules { statuses: [Class::Good; STATUSES] };
        rules.set(Codes::NONE, Class::Excluded);
        rules.set(Codes { first: 500, last: 599 }, Class::Bad);
        rules.set(Codes { first: 499, last: 499 }, Class::Excluded);
        rules
    }
}

impl Rules {
    /// Changes the default rules by text such as `bad=5xx,429 excluded=499,460 good=404`.
    ///
    /// Groups are separated by blanks, codes by commas. A code is a status (`404`), a hundred (`5xx`), a range
    /// (`520-530`), `none` (no response was sent), or `rest` (everything that the text does not name otherwise).
    /// Where a code is named twice the narrower group wins, wherever it stands: `good=503 bad=5xx`. Two that are no
    /// part of each other contradict.
    ///
    /// # Errors
    /// A sentence that says which part was not understood, and what is allowed there.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut rules = Rules::default();
        let mut rest = None;
        let mut named: Vec<(Codes, Class)> = Vec::new();
        for group in text.split_whitespace() {
            let (class, codes) = parse_group(group)?;
            for code in codes.split(',') {
                if code == "rest" {
                    match rest.replace(class) {
                        Some(other) if other != class => {
                            return Err(contradiction("rest", other, class));
                        }
                        _ => continue,
                    }
                }
                let codes = if code == "none" { Codes::NONE } else { Codes::parse(code, group)? };
                if let Some((twice, other)) = contradicted(&named, codes, class) {
                    return Err(contradiction(&twice.name(), other, class));
                }
                named.push((codes, class));
            }
        }
        named.sort_by_key(|(codes, _)| std::cmp::Reverse(codes.width()));
        if let Some(class) = rest {
            rules = Rules { statuses: [class; STATUSES] };
        }
        for (codes, class) in named {
            rules.set(codes, class);
        }
        Ok(rules)
    }

    /// What a request with this status counts as; `None`, or what is no status, when no response was sent.
    #[inline]
    pub fn class(&self, status: Option<u16>) -> Class {
        let status = usize::from(status.unwrap_or(0));
        self.statuses[if status < STATUSES { status } else { 0 }]
    }

    /// The codes of a class as [`Rules::parse`] reads them: `499,none`; `None` where there are none.
    pub fn codes_of(&self, class: Class) -> Option<String> {
        let codes = self.codes(class);
        (!codes.is_empty()).then(|| codes.join(","))
    }

    fn set(&mut self, codes: Codes, class: Class) {
        self.statuses[codes.first..=codes.last].fill(class);
    }

    /// The codes of a class, in short: whole hundreds as `5xx`, runs as `500-502`.
    fn codes(&self, class: Class) -> Vec<String> {
        let mut codes = Vec::new();
        for first in (STATUS_FIRST..STATUSES).step_by(100) {
            let statuses = &self.statuses[first..first + 100];
            if statuses.iter().all(|c| *c == class) {
                codes.push(format!("{}xx", first / 100));
            } else {
                let runs = runs(statuses, class).into_iter();
                codes.extend(runs.map(|(a, b)| range(first + a, first + b)));
            }
        }
        if self.class(None) == class {
            codes.push("none".to_owned());
        }
        codes
    }
}

/// Whether the time of a request with this status is a latency. It is, whatever the class (a slow error is slow
/// too), unless the request is excluded; except 101, which lasts as long as the connection that it upgraded.
#[inline]
pub fn is_latency(status: Option<u16>, class: Class) -> bool {
    class != Class::Excluded && status != Some(101)
}

impl TryFrom<String> for Rules {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Rules::parse(&text)
    }
}

impl From<Rules> for String {
    fn from(value: Rules) -> String {
        value.to_string()
    }
}

impl fmt::Display for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for class in [Class::Bad, Class::Excluded] {
            let codes = self.codes(class);
            if !codes.is_empty() {
                write!(f, "{}={} ", class.word(), codes.join(","))?;
            }
        }
        f.write_str("good=rest")
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rules({self})")
    }
}

/// A run of status codes, both ends included.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Codes {
    first: usize,
    last: usize,
}

impl Codes {
    /// No response.
    const NONE: Codes = Codes { first: 0, last: STATUS_FIRST - 1 };

    fn parse(code: &str, group: &str) -> Result<Self, String> {
        let ends = match code.strip_suffix("xx") {
            Some(hundred) => number(hundred).map(|h| (h * 100, h * 100 + 99)),
            None => match code.split_once('-') {
                Some((first, last)) => number(first).zip(number(last)),
                None => number(code).map(|c| (c, c)),
            },
        };
        match ends {
            Some((first, last)) if 100 <= first && first <= last && last <= 999 => {
                Ok(Codes { first, last })
            }
            _ => Err(format!(
                "`{code}` in `{group}` is not a status: write a code from 100 to 999 (`404`), a hundred (`5xx`), \
                 a range (`520-530`), `none` or `rest`"
            )),
        }
    }
}

/// The codes that are named in another class already, by a group that is neither part of these nor holds them.
fn contradicted(named: &[(Codes, Class)], codes: Codes, class: Class) -> Option<(Codes, Class)> {
    named.iter().filter(|(_, other)| *other != class).find_map(|&(others, other)| {
        let both = others.both(codes)?;
        let is_part = others.width() != codes.width() && (both == others || both == codes);
        (!is_part).then_some((both, other))
    })
}

fn contradiction(codes: &str, class: Class, other: Class) -> String {
    format!("`{codes}` is both {} and {}: name it once", class.word(), other.word())
}

fn number(digits: &str) -> Option<usize> {
    let short = (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    if short { digits.parse().ok() } else { None }
}

impl Codes {
    fn width(self) -> usize {
        self.last - self.first + 1
    }

    /// What lies in both; `None` where nothing does.
    fn both(self, other: Codes) -> Option<Codes> {
        let both = Codes { first: self.first.max(other.first), last: self.last.min(other.last) };
        (both.first <= both.last).then_some(both)
    }

    fn name(self) -> String {
        if self == Codes::NONE { "none".to_owned() } else { range(self.first, self.last) }
    }
}

fn parse_group(group: &str) -> Result<(Class, &str), String> {
    let (word, codes) = group
        .split_once('=')
        .ok_or_else(|| format!("`{group}` has no `=`: write groups such as `bad=5xx,429`"))?;
    match Class::ALL.into_iter().find(|class| class.word() == word) {
        Some(class) => Ok((class, codes)),
        None => {
            Err(format!("`{word}` in `{group}` is not a class: it must be good, bad or excluded"))
        }
    }
}

/// The maximal runs of `class`, as first and last index.
fn runs(statuses: &[Class], class: Class) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (at, _) in statuses.iter().enumerate().filter(|(_, c)| **c == class) {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == at => *last = at,
            _ => runs.push((at, at)),
        }
    }
    runs
}

fn range(first: usize, last: usize) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_default_rules() {
        let rules = Rules::default();
        assert_eq!(rules.to_string(), "bad=5xx excluded=499,none good=rest");
        assert_eq!(Rules::parse("").unwrap(), rules);
        assert_eq!(rules.codes_of(Class::Excluded).as_deref(), Some("499,none"));
        assert_eq!(Rules::parse("good=499,none").unwrap().codes_of(Class::Excluded), None);
        for (status, class) in [
            (Some(100), Class::Good),
            (Some(101), Class::Good),
            (Some(200), Class::Good),
            (Some(404), Class::Good),
            (Some(498), Class::Good),
            (Some(499), Class::Excluded),
            (Some(500), Class::Bad),
            (Some(599), Class::Bad),
            (Some(600), Class::Good),
            (Some(999), Class::Good),
            (None, Class::Excluded),
        ] {
            assert_eq!(rules.class(status), class, "{status:?}");
        }
    }

    #[test]
    fn what_is_no_status_counts_like_no_response() {
        let rules = Rules::parse("bad=none").unwrap();
        for status in [None, Some(0), Some(99), Some(1000), Some(u16::MAX)] {
            assert_eq!(rules.class(status), Class::Bad, "{status:?}");
        }
    }

    #[test]
    fn the_narrower_group_wins() {
        for text in
            ["bad=5xx,429 excluded=499,460 good=503", "good=503 excluded=460,499 bad=429,5xx"]
        {
            let rules = Rules::parse(text).unwrap();
            assert_eq!(rules.class(Some(503)), Class::Good, "{text}");
            assert_eq!(rules.class(Some(460)), Class::Excluded);
            assert_eq!(rules.class(Some(429)), Class::Bad);
            assert_eq!(
                rules.to_string(),
                "bad=429,500-502,504-599 excluded=460,499,none good=rest"
            );
        }
        // Named twice in one class is no contradiction.
        assert!(Rules::parse("bad=500,5xx,500-510 good=rest,rest").is_ok());
    }

    #[test]
    fn a_code_in_two_classes_contradicts() {
        for (text, error) in [
            ("bad=200 good=200", "`200` is both bad and good: name it once"),
            ("bad=5xx excluded=5xx", "`500-599` is both bad and excluded: name it once"),
            ("bad=500-510 good=505-520", "`505-510` is both bad and good: name it once"),
            ("bad=none excluded=none", "`none` is both bad and excluded: name it once"),
            ("bad=rest good=rest", "`rest` is both bad and good: name it once"),
            ("bad=5xx good=503 excluded=503", "`503` is both good and excluded: name it once"),
        ] {
            assert_eq!(Rules::parse(text), Err(error.to_owned()), "{text}");
        }
    }

    #[test]
    fn rest_is_what_the_text_does_not_name_wherever_it_stands() {
        let rules = Rules::parse("bad=rest good=2xx,3xx").unwrap();
        assert_eq!(rules, Rules::parse("good=2xx,3xx bad=rest").unwrap());
        assert_eq!(rules.class(Some(299)), Class::Good);
        assert_eq!(rules.class(Some(499)), Class::Bad);
        assert_eq!(rules.class(None), Class::Bad);
        assert_eq!(rules.to_string(), "bad=1xx,4xx,5xx,6xx,7xx,8xx,9xx,none good=rest");
    }

    #[test]
    fn errors_say_where_and_what_is_allowed() {
        for (text, part) in [
            ("5xx", "`5xx` has no `=`"),
            ("wrong=5xx", "`wrong` in `wrong=5xx` is not a class"),
            ("bad=", "`` in `bad=` is not a status"),
            ("bad=5xx,", "`` in `bad=5xx,` is not a status"),
            ("bad=99", "`99` in `bad=99`"),
            ("bad=0xx", "`0xx` in `bad=0xx`"),
            ("bad=+99", "`+99` in `bad=+99`"),
            ("bad=503-500", "`503-500`"),
            ("bad=1000", "`1000`"),
            ("good=5XX", "`5XX`"),
            ("good=\u{0665}xx", "is not a status"),
        ] {
            let error = Rules::parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn latency_counts_errors_but_not_upgrades_or_excluded_requests() {
        assert!(is_latency(Some(200), Class::Good));
        assert!(is_latency(Some(500), Class::Bad));
        assert!(!is_latency(Some(101), Class::Good));
        assert!(!is_latency(Some(499), Class::Excluded));
        assert!(!is_latency(None, Class::Excluded));
    }

    proptest! {
        #[test]
        fn rules_read_back(groups in prop::collection::vec((0..3_usize, 100..=999_usize, 0..40_usize), 0..5)) {
            let text: Vec<String> = groups
                .iter()
                .map(|(class, first, more)| {
                    format!("{}={first}-{}", Class::ALL[*class].word(), (first + more).min(999))
                })
                .collect();
            if let Ok(rules) = Rules::parse(&text.join(" ")) {
                prop_assert_eq!(Rules::parse(&rules.to_string()).unwrap(), rules);
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}") {
            let _ = Rules::parse(&text);
        }
    }
}
