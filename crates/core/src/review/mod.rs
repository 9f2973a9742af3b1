//! Telling the story: the assessment of a log.
