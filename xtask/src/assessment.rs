//! What `plimsoll assess --json` prints, as far as the checks compare it.

use std::collections::BTreeMap;

use serde_json::Value;

/// Counts of an assessment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Assessment {
    pub(crate) lines: u64,
    pub(crate) parsed: u64,
    pub(crate) malformed: u64,
    pub(crate) excluded: u64,
    pub(crate) requests: u64,
    /// Good and bad requests of each service, by availability.
    pub(crate) services: BTreeMap<String, (u64, u64)>,
    /// Requests whose time is known, over all services.
    pub(crate) timed: u64,
    /// Of these, the ones that took at most 300 ms.
    pub(crate) fast: u64,
}

impl Assessment {
    /// Reads the object; `None` when something is missing.
    pub(crate) fn read(json: &str) -> Option<Self> {
        let root: Value = serde_json::from_str(json).ok()?;
        let input = |key: &str| root["input"][key].as_u64();
        let mut assessment = Assessment {
            lines: input("lines")?,
            parsed: input("parsed")?,
            malformed: input("malformed")?,
            excluded: input("excluded")?,
            requests: input("requests")?,
            ..Assessment::default()
        };
        for service in root["services"].as_array()? {
            for sli in service["slis"].as_array()? {
                let (good, bad) = (sli["good"].as_u64()?, sli["bad"].as_u64()?);
                let name = sli["name"].as_str()?;
                if name.starts_with("availability") {
                    assessment.services.insert(service["name"].as_str()?.to_owned(), (good, bad));
                } else if name.split(|c: char| !c.is_ascii_digit()).any(|number| number == "300") {
                    assessment.timed += good + bad;
                    assessment.fast += good;
                }
            }
        }
        Some(assessment)
    }

    /// Bad requests over all services.
    pub(crate) fn bad(&self) -> u64 {
        self.services.values().map(|(_, bad)| bad).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_summed_over_services() {
        let json = r#"{"input": {"lines": 13, "parsed": 13, "malformed": 0, "excluded": 1, "requests": 12}, "services": [
            {"name": "a", "slis": [{"name": "availability", "bad": 2, "good": 8},
                {"name": "latency-300ms", "good": 7, "bad": 3}, {"name": "latency-1300ms", "good": 9, "bad": 1}]},
            {"name": "b", "slis": [{"name": "availability", "bad": 1, "good": 1}]}]}"#;
        let assessment = Assessment::read(json).unwrap();
        assert_eq!((assessment.bad(), assessment.timed, assessment.fast), (3, 10, 7));
        assert_eq!(assessment.services["a"], (8, 2));
        assert_eq!(Assessment::read("{}"), None);
    }
}
