use super::*;
use crate::tenants::Status;
use crate::url::decode;

fn parse(query: &str) -> (Query, Vec<Ignored>) {
    Query::parse(&decode(query))
}

#[test]
fn a_url_round_trips_in_one_order() {
    let url = "q=acme+%26+s%C3%B6hne&status=trial&status=active&plan=enterprise&region=eu-1&tag=a%3Db&owner=00000000-0000-0000-0000-000000000007&sort=-health&rows=100&after=abc_-1";
    let (query, ignored) = parse(url);
    assert!(ignored.is_empty(), "{ignored:?}");
    assert_eq!(query.filter.search, "acme & söhne");
    assert_eq!(query.filter.status, [Status::Trial, Status::Active]);
    let canonical = query.to_query();
    assert_eq!(parse(&canonical), (query.clone(), vec![]));
    assert_eq!(parse(&canonical).0.to_query(), canonical, "the order is stable");
    assert_eq!(parse("status=active&status=trial").0, parse("status=trial&status=active&status=trial").0);
}

#[test]
fn every_term_round_trips_alone_and_can_be_taken_away() {
    for url in [
        "status=suspended",
        "stage=go_live",
        "plan=free",
        "health=at_risk",
        "region=us-2",
        "tag=vip",
        "owner=00000000-0000-0000-0000-000000000001",
        "q=a",
    ] {
        let (query, _) = parse(url);
        assert_eq!(query.to_query(), url);
        let terms = query.filter.terms();
        assert_eq!(terms.len(), 1, "{url}");
        assert!(query.filter.without(&terms[0]).is_empty());
        assert!(query.filter.without_key(&terms[0].key).is_empty());
    }
}

#[test]
fn what_is_unknown_is_named_and_ignored() {
    let (query, ignored) = parse("status=active&status=nope&colour=red&sort=size&rows=7&owner=me&health=");
    assert_eq!(query.filter.status, [Status::Active]);
    assert_eq!(query.sort, Sort::ascending(SortKey::Name));
    assert_eq!(query.rows, ROWS_DEFAULT);
    let keys: Vec<_> = ignored.iter().map(|i| i.key.as_str()).collect();
    assert_eq!(keys, ["status", "colour", "sort", "rows", "owner"]);
}

#[test]
fn a_url_made_to_hurt_stays_small() {
    let many: String = (0..500).map(|n| format!("tag=t{n}&x{n}=1&")).collect();
    let (query, ignored) = parse(&many);
    assert_eq!(query.filter.tag.len(), 20);
    assert_eq!(ignored.len(), 20);
    let (query, _) = parse(&format!("q={}", "x".repeat(9000)));
    assert_eq!(query.filter.search.len(), 100);
    assert_eq!(decode("a=%zz&b=%&c=%e2%28&=x&&d").len(), 5);
}

#[test]
fn boxes_to_tick_are_no_part_of_the_list() {
    let (query, ignored) = parse("status=active&select=on");
    assert!(ignored.is_empty());
    assert_eq!(query.to_query(), "status=active");
    assert_eq!(parse("select=off").1.len(), 1, "named like anything that is not understood");
}

#[test]
fn a_search_is_sorted_by_match_unless_said_otherwise() {
    assert_eq!(parse("q=acme").0.sort.key, SortKey::Relevance);
    assert_eq!(parse("q=acme&sort=-created").0.sort, Sort { key: SortKey::Created, descending: true });
    assert_eq!(parse("sort=relevance").0.sort.key, SortKey::Name, "nothing to be relevant to");
    let (query, _) = parse("q=acme&status=active");
    assert_eq!(query.filtered(query.filter.without_key("q")).sort.key, SortKey::Name);
    let (query, _) = parse("status=active&sort=-updated&after=x");
    let fewer = query.filtered(Filter::default());
    assert_eq!(fewer.to_query(), "sort=-updated", "the order stays, the page does not");
}

#[test]
fn a_column_head_toggles() {
    let name = Sort::ascending(SortKey::Name);
    assert_eq!(name.toggled(SortKey::Name).to_string(), "-name");
    assert_eq!(name.toggled(SortKey::Health).to_string(), "health");
    assert_eq!(name.toggled(SortKey::Updated).to_string(), "-updated");
    assert_eq!("-relevance".parse::<Sort>().ok(), None);
}
