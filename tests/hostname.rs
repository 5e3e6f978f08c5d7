//! A key is sent to an account's own host and nowhere else: a table of everything that has ever been pasted or
//! planted there, and a property over arbitrary text.

use activecampaign_export::connection::Hostname;
use proptest::prelude::*;

fn parse(text: &str) -> Result<String, (String, Option<String>)> {
    match Hostname::parse(text, &[]) {
        Ok(host) => Ok(host.as_str().to_owned()),
        Err(error) => Err((error.reason, error.corrected)),
    }
}

#[test]
fn bare_hostnames_of_accounts() {
    for host in
        ["acme.api-us1.com", "acme.activehosted.com", "a.api-us1.com", "acme-2.api-us1.com", "1234567.api-us1.com"]
    {
        assert_eq!(parse(host).as_deref(), Ok(host));
    }
}

/// Text, a word that the reason must hold, and the corrected form where there is one.
const REFUSED: [(&str, &str, Option<&str>); 42] = [
    ("", "empty", None),
    ("https://acme.api-us1.com", "scheme", Some("acme.api-us1.com")),
    ("http://acme.api-us1.com", "scheme", Some("acme.api-us1.com")),
    ("https://acme.api-us1.com/", "scheme", Some("acme.api-us1.com")),
    ("https://acme.api-us1.com/api/3", "scheme", Some("acme.api-us1.com")),
    ("https://acme.api-us1.com:443/api/3?x=1#y", "scheme", Some("acme.api-us1.com")),
    ("acme.api-us1.com/api/3", "path", Some("acme.api-us1.com")),
    ("acme.api-us1.com/", "path", Some("acme.api-us1.com")),
    ("acme.api-us1.com?x", "path", Some("acme.api-us1.com")),
    ("acme.api-us1.com#x", "path", Some("acme.api-us1.com")),
    ("acme.api-us1.com:8080", "port", Some("acme.api-us1.com")),
    ("ACME.API-US1.com", "lower case", Some("acme.api-us1.com")),
    ("acme.api-us1.com.", "dot", Some("acme.api-us1.com")),
    (" acme.api-us1.com ", "space", Some("acme.api-us1.com")),
    ("acme.api-us1.com\n", "space", Some("acme.api-us1.com")),
    ("acme.api-us1.com\r\nXy", "space", None),
    ("evil.com\n.api-us1.com", "space", None),
    ("evil.com\t.api-us1.com", "space", None),
    ("user:pw@acme.api-us1.com", "user name", None),
    ("https://user@acme.api-us1.com", "scheme", None),
    ("acme.api-us1.com@evil.com", "user name", None),
    ("evil.com#@acme.api-us1.com", "user name", None),
    ("evil.com#.api-us1.com", "path", None),
    ("evil.com?.api-us1.com", "path", None),
    ("evil.com/.api-us1.com", "path", None),
    ("evil.com\\.api-us1.com", "path", None),
    ("https://evil.com\\@acme.api-us1.com", "scheme", None),
    ("127.0.0.1", "IP", None),
    ("127.1", "IP", None),
    ("2130706433", "IP", None),
    ("0x7f.1", "IP", None),
    ("0x7f000001", "IP", None),
    ("[::1]", "IP", None),
    ("::1", "IP", None),
    ("169.254.169.254", "IP", None),
    ("xn--acme-0ra.api-us1.com", "xn--", None),
    ("\u{ff41}cme.api-us1.com", "ASCII", None),
    ("acme\u{3002}api-us1.com", "ASCII", None),
    ("a_b.api-us1.com", "character", None),
    ("-acme.api-us1.com", "part", None),
    ("acme..api-us1.com", "part", None),
    ("acme%2eapi-us1.com", "character", None),
];

#[test]
fn what_is_refused_and_why() {
    for (text, word, corrected) in REFUSED {
        let (reason, told) = parse(text).expect_err(text);
        assert!(reason.contains(word), "{text:?}: {reason}");
        assert_eq!(told.as_deref(), corrected, "{text:?}");
    }
}

#[test]
fn hosts_that_are_not_activecampaigns() {
    let strange = [
        "evilapi-us1.com",
        "api-us1.com",
        "activehosted.com",
        "a.b.api-us1.com",
        "acme.api-us1.com.evil.com",
        "acme.api-us2.com",
        "acme.api-eu1.com",
        "localhost",
        "metadata.google.internal",
        "example.com",
        ".api-us1.com",
    ];
    for host in strange {
        let (reason, corrected) = parse(host).expect_err(host);
        assert!(!reason.is_empty());
        assert_eq!(corrected, None, "{host}");
    }
}

#[test]
fn further_hosts_only_when_allowed() {
    let allowed = ["eu.example.org".to_owned(), "127.0.0.1".to_owned()];
    assert!(Hostname::parse("eu.example.org", &allowed).is_ok());
    assert!(Hostname::parse("eu.example.org", &[]).is_err());
    assert!(Hostname::parse("x.eu.example.org", &allowed).is_err());
    assert!(Hostname::parse("127.0.0.1", &allowed).is_err(), "an address is no name, allowed or not");
    let error = Hostname::parse("https://eu.example.org/api", &allowed).unwrap_err();
    assert_eq!(error.corrected.as_deref(), Some("eu.example.org"));
}

/// One label and a known domain, written out anew.
fn is_account(host: &str) -> bool {
    let label = host.strip_suffix(".api-us1.com").or_else(|| host.strip_suffix(".activehosted.com"));
    label.is_some_and(|label| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
            && !label.starts_with("xn--")
    })
}

fn pieces() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "https://",
        "acme",
        ".",
        "api-us1.com",
        ".api-us1.com",
        "activehosted.com",
        "@",
        "/",
        "\\",
        "#",
        "?",
        ":",
        "8080",
        "evil.com",
        "xn--",
        "-",
        "%2e",
        "127.0.0.1",
        "[::1]",
        "0x7f",
        " ",
        "\n",
        "\t",
        "\0",
        "A",
        "\u{ff0e}",
        "\u{212a}",
        "_",
    ]);
    prop::collection::vec(parts, 0..7).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(20_000) })]

    #[test]
    fn whatever_is_accepted_is_an_account(text in prop_oneof![pieces(), any::<String>(), "[a-z0-9.-]{0,30}\\.api-us1\\.com"]) {
        match Hostname::parse(&text, &[]) {
            Ok(host) => {
                prop_assert_eq!(host.as_str(), text.as_str());
                prop_assert!(is_account(host.as_str()), "{:?}", text);
            }
            Err(error) => {
                prop_assert!(!error.reason.is_empty());
                prop_assert!(error.corrected.as_deref().is_none_or(is_account), "{:?}: {:?}", text, error.corrected);
                prop_assert!(!is_account(&text), "{:?} was refused: {}", text, error.reason);
            }
        }
    }
}
