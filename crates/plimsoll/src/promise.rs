//! `plimsoll promise`: what services give their users, and who agreed to it.

use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use plimsoll_server::api::promises::{
    Coverage, Gap, Promise, PromiseReport, PromisedSlo, ServiceCoverage,
};

use crate::{
    agreement::{self, Agree, short},
    budget::share,
    client::{self, At, path},
    declared,
    failure::Failure,
    look, output,
    page::Page,
    slo::percent,
    table::Table,
};

/// Promises: what services give their users, and who agreed to it
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List the promises with how they are
    List(look::List),
    /// Show one promise: what it says, who agreed, what is missing
    Show(look::Show),
    /// Show the versions of a promise, and what differs between them
    History(look::Show),
    /// Sign the newest version of a promise, for product or for engineering
    Agree(Agree),
    /// Show which services have a promise to be relied on, and what is missing of the others
    Coverage {
        /// Print the JSON of the interface
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        at: At,
    },
    /// Print all promises as one document
    Export {
        /// In which form
        #[arg(long, value_name = "FORM", default_value = "markdown")]
        format: Format,
        #[command(flatten)]
        at: At,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Markdown,
    Html,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`], when there is no such promise, the server refuses, or it cannot be reached.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.act {
        Act::List(list) => list.print("promises", table)?,
        Act::Show(one) => one.print("promises", shown)?,
        Act::History(one) => one.print_table("promises", |report: PromiseReport| {
            agreement::history(&report.versions)
        })?,
        Act::Agree(agree) => agree.run("promises")?,
        Act::Coverage { json, at } => cover(*json, at)?,
        Act::Export { format, at } => {
            let format = match format {
                Format::Markdown => "markdown",
                Format::Html => "html",
            };
            let place = format!("{}?format={format}", path(&["promises", "export"]));
            output::print(&at.client()?.get(&place)?)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn table(promises: Vec<Promise>) -> Table {
    let nothing = "nothing is promised; a Promise document says what a service gives its users";
    let headings =
        ["PROMISE", "SERVICE", "TIER", "STATE", "AGREEMENT", "OWNER", "REVIEW BY", "SLOS"];
    let mut table = Table::new(nothing, &headings);
    for promise in promises {
        let slos: Vec<&str> = promise.slos.iter().map(|slo| slo.name.as_str()).collect();
        let slos = if slos.is_empty() { "no SLO yet".to_owned() } else { slos.join(", ") };
        table.row([
            promise.name,
            promise.service,
            promise.tier,
            promise.state,
            short(&promise.standing),
            promise.owner.person,
            promise.review_date,
            slos,
        ]);
    }
    table
}

fn shown(report: &PromiseReport, page: &mut Page) {
    let PromiseReport { promise, ceiling, versions } = report;
    page.fact("promise", &promise.name);
    page.fact("service", &format!("{} (tier {})", promise.service, promise.tier));
    page.fact("says", &promise.text);
    page.fact("state", &promise.state);
    for Gap { text, .. } in &promise.gaps {
        page.fact("missing", text);
    }
    for slo in &promise.slos {
        page.fact("slo", &objective(slo));
    }
    if let Some(next) = &promise.next_step {
        page.fact("next", next);
    }
    for excluded in &promise.excludes {
        page.fact("excludes", excluded);
    }
    page.fact("support", &promise.support_hours);
    page.fact("owner", &format!("{}, team {}", promise.owner.person, promise.owner.team));
    page.fact("policy", &format!("{} ({})", promise.policy.name, promise.policy.standing.text));
    for (label, services) in
        [("needs", &promise.depends_on.hard), ("uses", &promise.depends_on.soft)]
    {
        if !services.is_empty() {
            page.fact(label, &services.join(", "));
        }
    }
    for finding in ceiling {
        page.fact("doubtful", &format!("{}; {}", finding.text, finding.hint));
    }
    page.fact("review", &format!("by {}", promise.review_date));
    agreement::facts(&promise.standing, versions, page);
    match &promise.declared {
        Some(declaration) => page.fact("declared", &declared::words(declaration)),
        None => page.fact("declared", declared::NOWHERE),
    }
}

/// `web: 99.9 % over 30d`; of one that was withdrawn, that it was.
fn objective(slo: &PromisedSlo) -> String {
    match &slo.target {
        Some(target) => {
            format!(
                "{}: {} good over {}",
                slo.name,
                percent(target),
                slo.windows.join(" and over ")
            )
        }
        None => format!("{}: withdrawn", slo.name),
    }
}

/// How many services have a promise to be relied on, as a line.
fn covered(coverage: &Coverage) -> String {
    let Coverage { covered, services, .. } = coverage;
    let of_all = coverage.share.as_ref().map(|one| format!(" ({})", share(one)));
    let of_all = of_all.unwrap_or_default();
    format!(
        "{covered} of {services} services have a promise that is measured, agreed and fresh{of_all}\n"
    )
}

fn cover(as_json: bool, at: &At) -> Result<(), Failure> {
    let mut client = at.client()?;
    let place = path(&["promises", "coverage"]);
    if as_json {
        return output::json(&client.get(&format!("{place}?limit=1000"))?);
    }
    let first: Coverage = client::read(client.get(&place)?.as_bytes())?;
    let all: Vec<ServiceCoverage> = client.list(&place)?.read()?;
    let mut text = covered(&first);
    let mut table = Table::new("nothing is missing", &["SERVICE", "PROMISE", "STATE", "MISSING"]);
    for ServiceCoverage { service, promise, gaps } in all {
        let Some(worst) = gaps.first().map(|gap| gap.gap.clone()) else { continue };
        let texts: Vec<String> = gaps.into_iter().map(|gap| gap.text).collect();
        table.row([service, promise.unwrap_or_default(), worst, texts.join("; ")]);
    }
    text += &table.text(output::terminal_columns());
    output::print(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_services_has_one_decimal() {
        let text =
            r#"{"services":3,"covered":1,"share":0.333333333,"gaps":{},"items":[],"next":null}"#;
        assert!(covered(&serde_json::from_str(text).unwrap()).ends_with(" fresh (33.3 %)\n"));
    }
}
