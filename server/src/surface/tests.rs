use super::check::{Kind, judge, kinds};
use super::*;

#[test]
fn a_door_that_is_not_listed_keeps_the_server_from_starting() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let judged = |mounted: &[&str], listed: &[&str]| {
        judge(&[Kind { noun: "stream", mounted: names(mounted), listed: names(listed) }])
    };
    assert_eq!(judged(&["a", "b"], &["b", "a"]), Ok(()));
    assert!(judged(&["a", "b"], &["a"]).is_err_and(|e| e.contains("stream `b` says nowhere")));
    assert!(judged(&["a"], &["a", "b"]).is_err_and(|e| e.contains("`b` is no stream")));
    assert!(judged(&["a"], &["a", "a"]).is_err_and(|e| e.contains("`a` stands twice")));
}

#[test]
fn a_gap_of_any_kind_is_named() {
    let nouns: Vec<_> = kinds().expect("a document").iter().map(|kind| kind.noun).collect();
    assert_eq!(nouns, ["server function", "route of the machine API", "download", "upload", "stream"]);
    for (n, noun) in nouns.iter().enumerate() {
        // Its line is gone, and only its line.
        let mut all = kinds().expect("a document");
        assert!(!all[n].mounted.is_empty(), "there is a {noun}");
        let gone = all[n].listed.pop().expect("a line");
        let error = judge(&all).expect_err("a line is missing");
        assert!(
            error.ends_with(&format!(": {noun} `{gone}` says nowhere what it asks for")),
            "{noun}: {error}"
        );
        // The door itself is gone.
        let mut all = kinds().expect("a document");
        all[n].mounted.retain(|name| *name != gone);
        let error = judge(&all).expect_err("a door is missing");
        assert!(error.ends_with(&format!(": `{gone}` is no {noun}")), "{noun}: {error}");
    }
}

#[test]
fn everything_that_is_mounted_is_listed() {
    assert!(registered().len() > 3, "the functions are linked into this test");
    assert_eq!(check(), Ok(()));
}

/// What is no page, function or route of the machine API is mounted from the list that the check compares. Another
/// address written into the router would be seen by nobody.
#[test]
fn the_router_has_no_route_beside_its_list() {
    let routes: Vec<_> = include_str!("../router.rs")
        .split(".route(")
        .skip(1)
        .filter_map(|rest| rest.split(',').next())
        .map(str::trim)
        .collect();
    let known =
        [r#""/livez""#, r#""/readyz""#, r#"&format!("{}/""#, r#""/""#, r#""/api/{*rest}""#, "door.path"];
    assert_eq!(routes, known);
}

#[test]
fn every_door_is_a_line_that_can_be_called() {
    let lines = lines();
    let all = kinds().expect("a document").iter().map(|kind| kind.mounted.len()).sum::<usize>();
    assert_eq!(lines.len(), all);
    let stream = lines.iter().find(|line| line.kind == "stream").expect("a stream");
    let said = (stream.method.as_str(), stream.path.as_str(), stream.content_type, stream.asks);
    assert_eq!(said, ("GET", "/operations/{id}/events", "text/event-stream", "tenant"));
    assert_eq!((stream.permission, stream.tenant_parameter), (Some("operation.read"), Some("id")));
    let watched = STREAMS.iter().all(|stream| crate::events::is_watching(&stream.address()));
    assert!(watched, "to listen is not to use a session");
    for address in STREAMS.iter().map(Stream::address).chain(DOWNLOADS.iter().map(Download::address)) {
        assert!(address.starts_with('/') && !address.contains(['{', '}']), "{address}");
    }
}

/// `domain` cannot ask `app` how its pages are called.
#[test]
fn mails_lead_to_pages_that_there_are() {
    use app::paths;
    use domain::notifications::mail::words::pages;
    assert_eq!(pages::tenant("acme"), paths::tenant("acme", ""));
    assert_eq!(pages::webhooks(Some("acme")), paths::webhooks("acme"));
    assert_eq!(pages::webhooks(None), paths::webhooks(paths::PLATFORM));
    assert_eq!(pages::rollout("baseline", "1"), paths::rollout("baseline", "1"));
    assert_eq!(pages::set_up("token"), paths::set_up("token"));
    assert_eq!(pages::join("acme", "token"), paths::join_link("acme", "token"));
}

#[test]
fn a_sample_names_its_tenant() {
    for function in FUNCTIONS {
        if let Asks::Tenant(_, parameter) = function.asks {
            assert!(
                function.sample.split('&').any(|pair| pair == format!("{parameter}=acme")),
                "{}: the sample does not say {parameter}=acme",
                function.name
            );
        }
    }
}
