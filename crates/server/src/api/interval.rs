//! Stretches of time of an SLI or of a service, as people mark them.

use plimsoll_core::marks;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    minute,
    page::{Cut, Page, PageQuery},
    problem::{Code, Problem},
};

/// Of what, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Interval {
    /// The SLI; null where a service is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sli: Option<String>,
    /// The service, with each of its SLIs; null where one SLI is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Its first minute.
    #[schema(format = DateTime)]
    pub from: String,
    /// The first minute after.
    #[schema(format = DateTime)]
    pub to: String,
}

/// Which marks are listed, and which page of them.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MarksQuery {
    /// Only those of this SLI.
    pub sli: Option<String>,
    /// Only those of this service.
    pub service: Option<String>,
    /// At most so many items, up to 1000.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<usize>,
    /// Where the page begins: `next` of the page before.
    #[param(pattern = "^([0-9a-f]{2})+$")]
    pub cursor: Option<String>,
}

impl MarksQuery {
    /// A page of these marks, in the order in which they were made.
    pub(crate) fn page<'a, M: marks::Mark + 'a, T>(
        &self,
        all: impl Iterator<Item = &'a M>,
        made_ms: impl Fn(&M) -> i64,
        view: impl Fn(&M) -> T,
    ) -> Result<Page<T>, Problem> {
        let cut: Cut = PageQuery { limit: self.limit, cursor: self.cursor.clone() }.cut()?;
        let mut marks: Vec<(String, &M)> = all
            .filter(|mark| self.means(&mark.interval().of))
            .map(|mark| (format!("{:020} {}", made_ms(mark), mark.id()), mark))
            .filter(|(key, _)| cut.is_behind(key))
            .collect();
        marks.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(cut.page(marks.into_iter().map(|(key, mark)| (key, view(mark)))))
    }

    fn means(&self, of: &marks::Subject) -> bool {
        match of {
            marks::Subject::Sli(name) => {
                self.service.is_none() && self.sli.as_ref().is_none_or(|sli| sli == name)
            }
            marks::Subject::Service(name) => {
                self.sli.is_none() && self.service.as_ref().is_none_or(|service| service == name)
            }
        }
    }
}

impl Interval {
    /// As it is shown.
    pub(crate) fn of(interval: &marks::Interval) -> Self {
        let (sli, service) = match &interval.of {
            marks::Subject::Sli(name) => (Some(name.to_string()), None),
            marks::Subject::Service(name) => (None, Some(name.to_string())),
        };
        let span = interval.span();
        Interval { sli, service, from: span.from.to_string(), to: span.to.to_string() }
    }
}

/// An interval that is asked for.
pub(crate) fn wanted(
    sli: Option<String>,
    service: Option<String>,
    from: &str,
    to: &str,
) -> Result<marks::Interval, Problem> {
    let of = match (sli, service) {
        (Some(sli), None) => marks::Subject::Sli(sli.into()),
        (None, Some(service)) => marks::Subject::Service(service.into()),
        _ => {
            let detail = "the interval must be of an SLI or of a service, and not of both";
            return Err(Problem::new(Code::Invalid, detail, "give either `sli` or `service`"));
        }
    };
    Ok(marks::Interval::new(of, minute::parse("from", from)?, minute::parse("to", to)?))
}
