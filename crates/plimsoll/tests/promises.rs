//! Promises and policies as a person meets them: proposed, signed, changed with a reason, broken.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

mod common;

use std::fs;

use common::server::{Place, SOURCE, slo};
use expect_test::expect;

const PROMISE: &str = "apiVersion: plimsoll/v1
kind: Promise
metadata: {name: shop}
spec:
  service: shop
  text: Whoever wants to buy can buy.
  slos: [web]
  supportHours: business
  tier: B
  owner: {person: ada, team: shop}
  reviewDate: 2199-05-01
";

const POLICY: &str = "apiVersion: plimsoll/v1
kind: BudgetPolicy
metadata: {name: default}
spec: {solo: true}
";

/// A folder in which a service promises something; no server runs.
fn shop() -> Place {
    let place = Place::new();
    place.write("slo/source.yaml", SOURCE);
    place.write("slo/web.yaml", &slo("web", "0.999"));
    place.write("promise.yaml", PROMISE);
    fs::create_dir(place.path().join("data")).unwrap();
    place.prints(&["apply", "slo", "--data", "data"]);
    place
}

fn says(place: &Place, args: &[&str]) -> String {
    // Decisions come into the journal between commands, so that numbers of entries differ.
    let entry = regex::Regex::new(r"journal entry \d+").unwrap();
    entry
        .replace_all(&place.says(&[args, &["--data", "data"]].concat()), "journal entry N")
        .into_owned()
}

fn sign(place: &Place, role: &str, version: &str) -> String {
    says(place, &["promise", "agree", "shop", "--role", role, "--version", version])
}

/// The same folder, where one person agreed to the promise for both sides.
fn agreed() -> Place {
    let place = shop();
    place.write("policy.yaml", POLICY);
    place.prints(&["apply", "policy.yaml", "--set", "policy", "--data", "data"]);
    place.prints(&["apply", "promise.yaml", "--set", "promises", "--data", "data"]);
    assert!(sign(&place, "product", "1").starts_with("signed"));
    assert!(sign(&place, "engineering", "1").starts_with("signed"));
    place
}

/// A text without the day on which it was printed.
fn days(text: &str) -> String {
    let today = regex::Regex::new(r"(As of|ada,) 20\d\d-\d\d-\d\d").unwrap();
    today.replace_all(text, "$1 DAY").into_owned()
}

#[test]
fn a_promise_is_signed_by_two_or_in_solo_mode() {
    let place = shop();
    expect![[r"
        0 of 1 services have a promise that is measured, agreed and fresh (0 %)
        SERVICE  PROMISE  STATE       MISSING
        shop              no-promise  nothing is promised of it
    "]]
    .assert_eq(&says(&place, &["promise", "coverage"]));
    let apply = ["apply", "promise.yaml", "--set", "promises"];
    expect![[r"
           KIND     NAME  FILE          WHAT
        +  promise  shop  promise.yaml
        version 1 of promise shop is to be signed: new
        set promises: 1 new
        applied: 1 object declared, 1 version proposed (journal entry N)
    "]]
    .assert_eq(&says(&place, &apply));
    expect![[r"
        PROMISE  SERVICE  TIER  STATE       AGREEMENT    OWNER  REVIEW BY   SLOS
        shop     shop     B     not-agreed  v1 proposed  ada    2199-05-01  web
    "]]
    .assert_eq(&says(&place, &["promise", "list"]));
    expect![[r"
        signed; promise shop: version 1, not signed by engineering
    "]]
    .assert_eq(&sign(&place, "product", "1"));
    expect![[r"
        ! error: ada signed version 1 for product already
        ! hint: somebody else must sign for engineering; where there is nobody else, the policy default can say solo: true
        [exit 1]
    "]].assert_eq(&sign(&place, "engineering", "1"));
    place.write("policy.yaml", POLICY);
    place.prints(&["apply", "policy.yaml", "--set", "policy", "--data", "data"]);
    expect![[r"
        signed; promise shop: version 1, agreed, by one person for both sides
    "]]
    .assert_eq(&sign(&place, "engineering", "1"));
    expect![[r"
        POLICY   AGREEMENT    SOLO  REVIEW BY  DECLARED IN
        default  v1 proposed  solo             policy.yaml (policy)
    "]]
    .assert_eq(&says(&place, &["policy", "list"]));
    expect![[r"
        SERVICE  DECISION  POLICY                WHY
        shop     unknown   default (not agreed)  web (99.9 % over 30d): nothing was seen in the window
        solo mode: by the policy default one person may sign for both sides and approve their own exceptions
    "]].assert_eq(&says(&place, &["decision", "list"]));
}

#[test]
fn agreed_terms_change_with_a_reason() {
    let place = agreed();
    place.write("slo/web.yaml", &slo("web", "0.99"));
    expect![[r"
           KIND  NAME  FILE      WHAT
        ~  slo   web   web.yaml  target 99.9 % → 99 %
        version 2 of promise shop is to be signed: slo web: target 99.9 % → 99 %
        set default: 1 altered, 3 unchanged
        ! error: the agreed terms of promise shop would change; nothing was applied
        ! hint: say why with --reason TEXT; the new version is to be signed then
        [exit 1]
    "]]
    .assert_eq(&says(&place, &["apply", "slo"]));
    let why = ["apply", "slo", "--reason", "nobody noticed"];
    expect![[r"
           KIND  NAME  FILE      WHAT
        ~  slo   web   web.yaml  target 99.9 % → 99 %
        version 2 of promise shop is to be signed: slo web: target 99.9 % → 99 %
        set default: 1 altered, 3 unchanged
        applied: 1 object declared, 1 version proposed (journal entry N)
    "]]
    .assert_eq(&says(&place, &why));
    expect![[r"
        ! error: version 1 of promise shop is outdated: version 2 was proposed since
        ! hint: read it with plimsoll promise show shop, and sign that
        [exit 1]
    "]]
    .assert_eq(&sign(&place, "product", "1"));
    expect![[r"
        promise   shop
        service   shop (tier B)
        says      Whoever wants to buy can buy.
        state     not-agreed
        missing   version 2, not signed by product and engineering; version 1 is in force; proposed: slo web: target 99.9 % → 99 %
        slo       web: 99.9 % good over 30d
        support   business
        owner     ada, team shop
        policy    default (version 1, not signed by product and engineering)
        review    by 2199-05-01
        agreement version 2, not signed by product and engineering; version 1 is in force
        declared  promise.yaml of the set promises, since TIME UTC
    "]]
    .assert_eq(&says(&place, &["promise", "show", "shop"]));
    expect![[r"
        VERSION  STAGE     PROPOSED (UTC)    BY   SIGNED                          WHAT CHANGED                   REASON
        2        proposed  TIME  ada                                  slo web: target 99.9 % → 99 %  nobody noticed
        1        agreed    TIME  ada  product: ada, engineering: ada
    "]].assert_eq(&says(&place, &["promise", "history", "shop"]));
    expect![[r"
        # What we promise

        As of DAY. 0 of 1 services have a promise that is measured, agreed and fresh.

        ## shop

        > Whoever wants to buy can buy.

        - **version 2, not signed by product and engineering; version 1 is in force; proposed: slo web: target 99.9 % → 99 %**

        | objective | target | window | counts |
        |---|---|---|---|
        | web | 99.9 % | 30d | good events of all events; what is pushed |

        - somebody is there: business
        - tier: B
        - owner: ada, team shop
        - policy: default (version 1, not signed by product and engineering)
        - review by: 2199-05-01
        - promise: shop
        - version 2, proposed; because: nobody noticed
        - version 1, agreed; for product: ada, DAY; for engineering: ada, DAY; one person signed for both sides

    "]].assert_eq(&days(&says(&place, &["promise", "export"])));
}

#[test]
fn without_its_objective_it_is_broken_wherever_it_is_shown() {
    let place = agreed();
    fs::remove_file(place.path().join("slo/web.yaml")).unwrap();
    let bare = "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: shop}\nspec: {}\n";
    place.write("slo/shop.yaml", bare);
    expect![[r"
           KIND     NAME         FILE       WHAT
        >  service  shop         shop.yaml  stands in another file
        -  sli      web-answers             is withdrawn
        -  slo      web                     is withdrawn
        promise shop would be broken: slo web was withdrawn
        set default: 1 moved, 2 withdrawn, 1 unchanged
        applied: 1 object declared, 2 objects withdrawn (journal entry N)
    "]]
    .assert_eq(&says(&place, &["apply", "slo", "--delete"]));
    expect![[r"
        0 of 1 services have a promise that is measured, agreed and fresh (0 %)
        SERVICE  PROMISE  STATE   MISSING
        shop     shop     broken  broken: slo web was withdrawn
    "]]
    .assert_eq(&says(&place, &["promise", "coverage"]));
    expect![[r#"
        promise.yaml:7:10: error[unknown-to-promise] spec.slos[0]: there is no slo "web" among the files or on the server
          hint: put the name right, or declare the slo first
        1 file, 1 object: 1 error
        [exit 1]
    "#]].assert_eq(&says(&place, &["check", "promise.yaml", "--set", "promises"]));
    expect![[r#"
        promise.yaml:5:12: warning[unknown-to-promise] spec.service: there is no service "shop" among the files or on the server
          hint: put the name right, or know that it is on the server; --server checks
        promise.yaml:7:10: warning[unknown-to-promise] spec.slos[0]: there is no slo "web" among the files or on the server
          hint: put the name right, or know that it is on the server; --server checks
        1 file, 1 object: 2 warnings
    "#]].assert_eq(&place.says(&["check", "promise.yaml"]));
}

#[test]
fn a_check_with_a_server_warns_of_approvers_whom_nobody_knows() {
    let place = shop();
    let policy = POLICY.replace("solo: true", "approvers: {product: [ada], engineering: [ghost]}");
    place.write("policy.yaml", &policy);
    expect![[r"
        policy.yaml:3:18: warning[unknown-person] spec.approvers: policy default names ghost, and there is no such person
          hint: put the handle right, or add them: plimsoll person add ghost
        1 file, 1 object: 1 warning
    "]]
    .assert_eq(&says(&place, &["check", "policy.yaml"]));
    // Without a server nobody is known.
    assert_eq!(place.says(&["check", "policy.yaml"]), "1 file, 1 object: no problems\n");
}
