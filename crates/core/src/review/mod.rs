//! Telling the story: the assessment of a log.

pub mod assess;
pub mod curve;
pub mod threshold;
