//! The service-level objective: how good, over which windows, counted how.

use serde::{Deserialize, Serialize};

use crate::{measure::window::Window, ratio::Target};

/// One objective of one SLI, held over one or more windows.
///
/// An OpenSLO document with several objectives becomes several of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slo {
    /// Unique name. Where a document has several objectives, theirs are appended.
    pub name: String,
    /// The service it belongs to.
    pub service: String,
    /// The SLI it holds against the target.
    pub sli: String,
    /// The share that must be good.
    pub target: Target,
    /// What is counted: events, or stretches of time.
    pub budgeting: Budgeting,
    /// At least one window. Each has a budget of its own; the decision looks at all.
    pub windows: Vec<Window>,
    /// What a minute without data means.
    pub no_data: NoData,
}

/// How the budget is counted (names as in OpenSLO).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Budgeting {
    /// Good events of all events.
    Occurrences,
    /// Good slices of all slices; a slice is good when its share of good events reaches `slice_target`.
    Timeslices {
        /// Length of a slice in minutes, at least 1.
        slice_minutes: u32,
        /// The share of a slice's events that must be good.
        slice_target: Target,
    },
    /// The mean of the slices' shares of good events.
    RatioTimeslices {
        /// Length of a slice in minutes, at least 1.
        slice_minutes: u32,
    },
}

impl Budgeting {
    /// The length of a slice in minutes, at least 1; `None` when events are counted.
    pub fn slice_minutes(self) -> Option<u32> {
        match self {
            Budgeting::Occurrences => None,
            Budgeting::Timeslices { slice_minutes, .. }
            | Budgeting::RatioTimeslices { slice_minutes } => Some(slice_minutes.max(1)),
        }
    }
}

/// What minutes without data ("missing") do to the budget. They always lower the coverage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoData {
    /// They are left out.
    #[default]
    Ignore,
    /// What went unseen was good, and as much as the mean of the minutes that were seen in full: of a minute of which
    /// some sources were seen the rest, the minutes of a window (of a slice, where slices count) taken together.
    Good,
    /// They were bad, each as much as the mean of the minutes that were seen in full: those of the window where events
    /// count, those of the slice where slices do. What was seen of them counts besides.
    Bad,
    /// They are left out, and the last decision stands for so many minutes; after that it is *unknown*.
    Hold {
        /// How long the last decision stands, in minutes.
        minutes: u32,
    },
}
