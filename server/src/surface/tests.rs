use super::*;

#[test]
fn a_function_that_is_not_listed_keeps_the_server_from_starting() {
    assert!(compare(["a", "b"].into_iter(), ["b", "a"].into_iter()).is_ok());
    let error = compare(["a", "b"].into_iter(), ["a"].into_iter()).expect_err("b is missing");
    assert!(error.contains("`b` says nowhere"), "{error}");
    assert!(
        compare(["a"].into_iter(), ["a", "b"].into_iter())
            .is_err_and(|e| e.contains("`b` is no server function"))
    );
    assert!(compare(["a"].into_iter(), ["a", "a"].into_iter()).is_err_and(|e| e.contains("twice")));
}

#[test]
fn everything_that_is_mounted_is_listed() {
    assert!(registered().len() > 3, "the functions are linked into this test");
    assert_eq!(check(), Ok(()));
}

#[test]
fn every_route_of_the_machine_api_is_listed() {
    let document = serde_json::to_value(crate::api::document()).expect("JSON");
    let mut documented = vec!["GET /api/v1/openapi.json".to_owned()];
    for (path, item) in document["paths"].as_object().expect("paths") {
        let methods = item.as_object().expect("operations").keys();
        documented.extend(methods.map(|method| format!("{} /api/v1{path}", method.to_uppercase())));
    }
    let mut listed: Vec<_> = ROUTES.iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    documented.sort_unstable();
    listed.sort_unstable();
    assert_eq!(listed, documented);
}

/// `domain` cannot ask `app` how its pages are called.
#[test]
fn mails_lead_to_pages_that_there_are() {
    use app::paths;
    use domain::notifications::mail::words::pages;
    assert_eq!(pages::tenant("acme"), paths::tenant("acme", ""));
    assert_eq!(pages::webhooks(Some("acme")), paths::webhooks("acme"));
    assert_eq!(pages::webhooks(None), paths::webhooks(paths::PLATFORM));
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
