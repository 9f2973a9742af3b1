//! Who signs and who is asked, as documents say it: escalation, exceptions, approvers, days of review.

use crate::{
    limits::{
        APPROVERS_MAX, ESCALATION_DAYS_MAX, ESCALATION_TO_CHARS_MAX, EXCEPTION_HOURS_MAX,
        EXCEPTIONS_PER_QUARTER_MAX,
    },
    people::person::PersonId,
    promise::policy::{Approvers, Escalation, ExceptionRules, Policy},
    spec::{code, fields::Item, report::Report},
    time::Date,
};

/// A day such as `2027-05-01`.
pub(super) fn date(item: &Item<'_>, report: &mut Report) -> Option<Date> {
    let text = item.filled_text(report)?;
    let date = Date::parse(text);
    if date.is_none() {
        let message = format!("{text:?} is no day");
        item.error(report, code::BAD_TIME, message, "write it as year, month, day: 2027-05-01");
    }
    date
}

pub(super) fn escalation(item: &Item<'_>, report: &mut Report) -> Option<Escalation> {
    let mut fields = item.filled_fields(report)?;
    let mut escalation = Escalation::default();
    if let Some(item) = fields.get("afterDays")
        && let Some(days) = number(&item, 1..=ESCALATION_DAYS_MAX, report)
    {
        escalation.after_days = days;
    }
    let to = fields.get("to");
    escalation.to =
        to.and_then(|item| item.short_text(ESCALATION_TO_CHARS_MAX, report).map(str::to_owned));
    fields.finish(report);
    Some(escalation)
}

pub(super) fn exceptions(item: &Item<'_>, report: &mut Report) -> Option<ExceptionRules> {
    let mut fields = item.filled_fields(report)?;
    let mut rules = ExceptionRules::default();
    if let Some(item) = fields.get("perQuarter")
        && let Some(most) = number(&item, 0..=EXCEPTIONS_PER_QUARTER_MAX, report)
    {
        rules.per_quarter = most;
    }
    if let Some(item) = fields.get("maxHours")
        && let Some(hours) = number(&item, 1..=EXCEPTION_HOURS_MAX, report)
    {
        rules.hours_max = hours;
    }
    fields.finish(report);
    Some(rules)
}

pub(super) fn approvers(item: &Item<'_>, report: &mut Report) -> Option<Approvers> {
    let mut fields = item.filled_fields(report)?;
    let mut side = |key| fields.get(key).and_then(|item| people(&item, report)).unwrap_or_default();
    let approvers = Approvers { product: side("product"), engineering: side("engineering") };
    fields.finish(report);
    Some(approvers)
}

/// A policy that two different people must sign has to name two.
pub(super) fn check_two(policy: &Policy, item: &Item<'_>, report: &mut Report) {
    let Approvers { product, engineering } = &policy.approvers;
    if let ([one], [other]) = (&**product, &**engineering)
        && one == other
        && !policy.solo
    {
        let message = format!("{one} alone cannot sign for both sides");
        item.error(report, code::BAD_CHOICE, message, "name a second person, or set solo: true");
    }
}

/// Handles of people, each once.
fn people(item: &Item<'_>, report: &mut Report) -> Option<Vec<String>> {
    let items = item.list(report)?;
    if items.len() > APPROVERS_MAX {
        let message = format!("{} people are named", items.len());
        item.error(report, code::WRONG_COUNT, message, format!("name at most {APPROVERS_MAX}"));
        return None;
    }
    let mut people: Vec<String> = Vec::new();
    for item in items {
        let Some(text) = item.filled_text(report) else { continue };
        match PersonId::parse(text) {
            Err(refusal) => item.error(report, code::BAD_NAME, refusal.what, refusal.hint),
            Ok(_) if people.iter().any(|known| known == text) => {
                item.error(report, code::BAD_CHOICE, format!("{text} is named twice"), "");
            }
            Ok(_) => people.push(text.to_owned()),
        }
    }
    Some(people)
}

fn number(
    item: &Item<'_>,
    range: std::ops::RangeInclusive<u32>,
    report: &mut Report,
) -> Option<u32> {
    let text = item.number(report)?;
    let number = text.parse().ok().filter(|number| range.contains(number));
    if number.is_none() {
        let (least, most) = (range.start(), range.end());
        let message = format!("must be a whole number from {least} to {most}, is {text}");
        item.error(report, code::OUT_OF_RANGE, message, "");
    }
    number
}
