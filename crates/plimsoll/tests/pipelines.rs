//! The pipelines of the guide do what the guide says: a deployment happens where the gate lets it, and nowhere else.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

mod common;

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use common::{
    PLIMSOLL,
    server::{Place, SOURCE, slo},
};
use serde_json::{Value, json};

const GUIDE: &str = include_str!("../../../docs/how-to/gate-a-pipeline.md");

/// The block of the guide that begins with this line.
fn block(begin: &str) -> &'static str {
    let at = GUIDE.find(begin).unwrap_or_else(|| panic!("no {begin} in the guide"));
    GUIDE[at..].split("\n```").next().unwrap()
}

/// Each step of a workflow that runs something, as a script.
fn steps(workflow: &str) -> Vec<String> {
    let mut steps = Vec::new();
    let mut lines = workflow.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(run) = line.trim_start().strip_prefix("run: ") else { continue };
        if run != "|" {
            steps.push(run.to_owned());
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let mut script = String::new();
        while let Some(line) = lines.next_if(|line| line.len() - line.trim_start().len() > indent) {
            script.extend([line.trim_start(), "\n"]);
        }
        steps.push(script);
    }
    steps
}

/// The lines of the script of a job.
fn script(job: &str) -> String {
    let lines = job.split("  script:\n").nth(1).unwrap().lines();
    let lines: Vec<&str> =
        lines.map(|line| line.trim_start().strip_prefix("- ").unwrap()).collect();
    lines.join("\n")
}

/// A service of which nothing is known yet, and a pipeline beside it.
struct Shop {
    place: Place,
    server: String,
    token: String,
}

impl Shop {
    fn new() -> Self {
        let mut place = Place::new();
        place.write("slo/source.yaml", SOURCE);
        place.write("slo/web.yaml", &slo("web", "0.99").replace("30d", "1h"));
        fs::create_dir(place.path().join("data")).unwrap();
        place.prints(&["apply", "slo", "--data", "data"]);
        let issue = ["token", "issue", "--scope", "change,read", "--label", "pipeline"];
        let token = place.prints(&[&issue[..], &["--data", "data"]].concat());
        let server = place.start();
        let deploy = place.write("deploy", "#!/bin/sh\necho deployed >> deployed\n");
        fs::set_permissions(&deploy, fs::Permissions::from_mode(0o755)).unwrap();
        Shop { place, server, token: token.trim().to_owned() }
    }

    /// Runs a script as a pipeline would: it ends with the first command that fails.
    fn runs(&self, shell: &[&str], script: &str, run: &str) -> Output {
        let script = script.replace("checkout", "shop");
        let programs = Path::new(PLIMSOLL).parent().unwrap().to_str().unwrap();
        let path = format!("{programs}:{}", std::env::var("PATH").unwrap());
        let mut command = Command::new(shell[0]);
        command.args(&shell[1..]).arg(script).current_dir(self.place.path()).env("PATH", path);
        for name in ["GITHUB_RUN_ID", "CI_PIPELINE_ID", "RUN"] {
            command.env(name, run);
        }
        let set = [("PLIMSOLL_SERVER", &self.server), ("PLIMSOLL_TOKEN", &self.token)];
        command.envs(set).output().unwrap()
    }

    /// Runs the steps of a workflow until one fails; whether none did.
    fn workflow(&self, run: &str) -> bool {
        let steps = steps(block("# .github/workflows/deploy.yaml"));
        assert_eq!(steps.len(), 2);
        // So the runner calls what has no shell of its own.
        steps.iter().all(|step| self.runs(&["bash", "-e", "-c"], step, run).status.success())
    }

    fn job(&self, run: &str) -> bool {
        let script = script(block("# .gitlab-ci.yml"));
        self.runs(&["bash", "-eo", "pipefail", "-c"], &script, run).status.success()
    }

    /// The recipe without the command; nothing where there is no curl.
    fn curl(&self, run: &str) -> Option<bool> {
        if Command::new("curl").arg("--version").output().is_err() {
            eprintln!("skipped: curl is not installed");
            return None;
        }
        Some(self.runs(&["sh", "-c"], block("kind=${KIND"), run).status.success())
    }

    /// The same for a change of this kind, shown this token.
    fn curl_of(&self, kind: &str, token: &str) -> Option<bool> {
        let recipe = block("kind=${KIND");
        let script = format!("KIND={kind}\nPLIMSOLL_TOKEN={token}\n{recipe}");
        self.curl("0").map(|_| self.runs(&["sh", "-c"], &script, "0").status.success())
    }

    /// An hour in which all was well, so that it may ship.
    fn serve_well(&self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
        let minute = |ago: i64| {
            let at = jiff::Timestamp::from_second(now / 60 * 60 - ago * 60).unwrap();
            json!({"minute": at.to_string(), "good": 100, "bad": 0})
        };
        let minutes: Vec<Value> = (1..=70).map(minute).collect();
        let token = fs::read_to_string(self.place.path().join("data/local.token")).unwrap();
        ureq::post(format!("{}/api/v1/slis/web-answers/samples", self.server))
            .header("Authorization", format!("Bearer {}", token.trim()))
            .header("Content-Type", "application/json")
            .send(json!({"generation": 1, "minutes": minutes}).to_string())
            .unwrap();
        let begun = Instant::now();
        while !self.place.run(&["gate", "shop", "--server", &self.server]).status.success() {
            assert!(begun.elapsed().as_secs() < 120, "it never may ship");
        }
    }

    fn deployments(&self) -> usize {
        let said = fs::read_to_string(self.place.path().join("deployed")).unwrap_or_default();
        said.lines().count()
    }

    fn outcome(&self, change: &str) -> Value {
        let shown =
            self.place.prints(&["change", "show", change, "--json", "--server", &self.server]);
        serde_json::from_str::<Value>(&shown).unwrap()["outcome"].clone()
    }
}

#[test]
fn pipelines_deploy_where_the_gate_lets_them_and_nowhere_else() {
    let shop = Shop::new();
    assert!(!shop.workflow("1") && !shop.job("2"));
    assert_ne!(shop.curl("3"), Some(true));
    assert_eq!(shop.deployments(), 0);

    shop.serve_well();
    assert!(shop.workflow("4") && shop.job("5"));
    assert_ne!(shop.curl("6"), Some(false));
    assert_eq!(shop.deployments(), 2);
    assert_eq!(
        (shop.outcome("shop-4"), shop.outcome("shop-5")),
        (json!("succeeded"), json!("succeeded"))
    );

    shop.place.write("deploy", "#!/bin/sh\nexit 7\n");
    assert!(!shop.workflow("7") && !shop.job("8"));
    assert_eq!(
        (shop.outcome("shop-7"), shop.outcome("shop-8")),
        (json!("failed"), json!("failed"))
    );
}

#[test]
fn pipelines_stop_where_nobody_answers() {
    let mut shop = Shop::new();
    shop.serve_well();
    shop.place.stop();
    assert!(!shop.workflow("1") && !shop.job("2"));
    assert_ne!(shop.curl("3"), Some(true));
    assert_eq!(shop.deployments(), 0);
    for kind in ["security", "p0-fix", "revert", "reliability"] {
        assert_ne!(shop.curl_of(kind, &shop.token), Some(false), "{kind}");
        let gate = ["gate", "shop", "--kind", kind, "--server", &shop.server];
        assert!(shop.place.run(&gate).status.success(), "{kind}");
    }
    assert_ne!(shop.curl_of("feature", &shop.token), Some(true));
}

/// A token that does not hold lets pass what mends, and nothing else; a question that is wrong lets nothing pass.
#[test]
fn pipelines_with_a_token_that_does_not_hold_hold_up_no_mending() {
    let shop = Shop::new();
    assert_ne!(shop.curl_of("p0-fix", "expired"), Some(false));
    assert_ne!(shop.curl_of("feature", "expired"), Some(true));
    assert_ne!(shop.curl_of("p0-fix_", &shop.token), Some(true));
}
