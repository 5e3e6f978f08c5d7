//! Who may do what, written out cell by cell; and what a connection must be before it is saved.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use activecampaign_export::service::{Action, PRIVACY_VERSION, Role, Sharing, allowed, check};

/// A row an action; after it administrator, contributor, viewer and source. `s`: only over a connection that is shared with
/// the user; `d`: also where the user's own export is detached.
const TABLE: &str = "
manage_connections  y - - -
use_connection      y s - -
view_exports        y y y -
edit_export         y d - -
run_export          y s - -
view_segments       y y y -
manage_segments     y y - -
refresh             y - - y
manage_users        y - - -
view_audit          y - - -
manage_webhooks     y - - -
";

#[test]
fn the_table_of_roles_actions_and_sharing() {
    let rows: Vec<Vec<&str>> = TABLE.trim().lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows.len(), Action::ALL.len());
    for row in rows {
        let action = Action::ALL.into_iter().find(|action| action.name() == row[0]).expect(row[0]);
        for (role, cell) in Role::ALL.into_iter().zip(&row[1..]) {
            let wanted = match *cell {
                "y" => [true; 3],
                "s" => [false, true, false],
                "d" => [false, true, true],
                _ => [false; 3],
            };
            let found = [Sharing::Withheld, Sharing::Shared, Sharing::OwnDetached]
                .map(|sharing| allowed(role, action, sharing));
            assert_eq!(found, wanted, "{} {}", row[0], role.name());
        }
    }
}

fn issues(settings: &str) -> Vec<(String, &'static str)> {
    check(settings.as_bytes(), &[]).into_iter().map(|issue| (issue.path, issue.code)).collect()
}

#[test]
fn a_connection_needs_name_host_and_consent() {
    let consent = format!(r#""consent":{{"agreed":true,"version":"{PRIVACY_VERSION}"}}"#);
    assert_eq!(issues(&format!(r#"{{"name":"Newsletter","host":"acme.api-us1.com",{consent}}}"#)), []);
    let wanted = [("name", "missing"), ("host", "hostname"), ("consent.agreed", "consent")];
    assert_eq!(issues("{}"), wanted.map(|(path, code)| (path.to_owned(), code)));
    let old = r#"{"name":"Newsletter","host":"acme.api-us1.com","consent":{"agreed":true,"version":"0"}}"#;
    assert_eq!(issues(old), [("consent.version".to_owned(), "consent_version")]);
    let yes = r#"{"name":"Newsletter","host":"acme.api-us1.com","consent":{"agreed":"yes","version":"1"}}"#;
    assert_eq!(issues(yes), [("consent.agreed".to_owned(), "consent")]);
}

#[test]
fn a_pasted_url_is_told_what_it_was_meant_to_be() {
    let settings = format!(
        r#"{{"name":"N","host":"https://Acme.api-us1.com/","consent":{{"agreed":true,"version":"{PRIVACY_VERSION}"}}}}"#
    );
    let found = check(settings.as_bytes(), &[]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].suggestion.as_deref(), Some("acme.api-us1.com"));
}

#[test]
fn sharing_is_one_of_three() {
    let with = |sharing: &str| {
        issues(&format!(
            r#"{{"name":"N","host":"acme.api-us1.com","sharing":{sharing},"consent":{{"agreed":true,"version":"1"}}}}"#
        ))
    };
    assert_eq!(with(r#"{"with":"administrators"}"#), []);
    assert_eq!(with(r#"{"with":"contributors"}"#), []);
    assert_eq!(with(r#"{"with":"users","users":["ana"]}"#), []);
    assert_eq!(with(r#"{"with":"users","users":[]}"#), [("sharing.users".to_owned(), "missing")]);
    assert_eq!(with(r#"{"with":"contributors","users":["ana"]}"#), [("sharing.users".to_owned(), "unknown_key")]);
    assert_eq!(with(r#"{"with":"everybody"}"#), [("sharing.with".to_owned(), "unknown_word")]);
}
