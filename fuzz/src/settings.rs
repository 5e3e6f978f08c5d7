//! Definitions of any shape, with and without an account of any shape.

use crate::input::Input;
use activecampaign_export::connection::AccountSchema;
use activecampaign_export::error::Issue;
use activecampaign_export::export::{Export, ExportOptions, Output};
use activecampaign_export::plan::Plan;
use activecampaign_export::time::Timestamp;

/// One input: whether an account is known, its schema, the definition.
pub fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let flags = input.byte();
    let account = match flags & 3 {
        0 => None,
        1 | 2 => Some(crate::schema()),
        _ => AccountSchema::from_json(input.block()).ok(),
    };
    let allowed = if flags & 4 == 0 { Vec::new() } else { vec!["localhost".to_owned(), "sandbox.test".to_owned()] };
    let settings = input.rest();
    match Plan::parse(settings, account.as_ref(), &allowed) {
        Ok(plan) => {
            assert_eq!(Plan::parse(settings, account.as_ref(), &allowed).as_ref(), Ok(&plan));
            check(&plan, account.as_ref(), &allowed);
        }
        Err(issues) => {
            assert!(!issues.is_empty(), "refused without an issue");
            issues.iter().for_each(check_issue);
        }
    }
}

fn check_issue(issue: &Issue) {
    assert!(!issue.code.is_empty() && issue.code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
    assert!(!issue.message.trim().is_empty(), "{issue:?}");
    // Only what concerns the text as a whole has no place in it.
    let whole = ["not_json", "too_large"].contains(&issue.code);
    // The key of an unknown setting may be the empty text, which is then its whole path.
    assert!(whole == issue.path.is_empty() || issue.code == "unknown_key", "{issue:?}");
}

/// A plan that cannot be wrong.
fn check(plan: &Plan, account: Option<&AccountSchema>, allowed: &[String]) {
    assert!(plan.list > 0 && !plan.name.trim().is_empty());
    assert_eq!(plan.resolved, account.is_some());
    assert!(plan.mapping.email.columns().all(|name| !name.trim().is_empty()), "{plan:?}");
    if let Some(host) = &plan.host {
        crate::account::check_host(host.as_str(), allowed);
    }
    if let Some(account) = account {
        assert!(account.lists.iter().any(|list| list.id == plan.list));
        for (index, field) in plan.mapping.fields.iter().enumerate() {
            assert!(account.fields.iter().any(|known| known.id == field.id), "{field:?}");
            let others = plan.mapping.fields.get(..index).unwrap_or_default();
            assert!(others.iter().all(|other| other.id != field.id), "a field twice");
        }
    }
    let mut export = Export::new(plan.clone(), ExportOptions::default(), None, Timestamp::from_millis(crate::START));
    let last = std::iter::from_fn(|| export.poll_output()).last();
    match last {
        Some(Output::Wait(wait)) => assert!(wait.wants_bytes && plan.resolved),
        Some(Output::Finish(summary)) => assert!(summary.stop.is_some() && !plan.resolved),
        other => panic!("{other:?}"),
    }
}
