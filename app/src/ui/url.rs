//! The query of an address, changed one thing at a time: state lives there.

use model::url::component;
use std::fmt::Write;

/// A query as pairs in order; repeated keys are kept. `Display` writes it encoded, with its `?` when there is any.
///
/// `Query::here().set("sort", "-health").drop("after").href(paths::TENANTS)`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(pub Vec<(String, String)>);

impl Query {
    /// The query of this page.
    pub fn here() -> Self {
        Self(super::query())
    }

    /// The first value under this key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// All values under this key.
    pub fn all(&self, key: &str) -> Vec<String> {
        self.0.iter().filter(|(name, _)| name == key).map(|(_, value)| value.clone()).collect()
    }

    /// Every value of the key goes, this one comes; an empty value only removes.
    pub fn set(mut self, key: &str, value: &str) -> Self {
        self = self.drop(key);
        if !value.is_empty() {
            self.0.push((key.to_owned(), value.to_owned()));
        }
        self
    }

    /// Without every value of the key.
    pub fn drop(mut self, key: &str) -> Self {
        self.0.retain(|(name, _)| name != key);
        self
    }

    /// Without this one value of the key.
    pub fn without(mut self, key: &str, value: &str) -> Self {
        self.0.retain(|(name, held)| name != key || held != value);
        self
    }

    /// Without the keyset cursors: whatever changes the list begins at its start.
    pub fn first_page(self) -> Self {
        self.drop("after").drop("before").drop("at")
    }

    /// An address with this query. Empty values are left out.
    pub fn href(&self, path: &str) -> String {
        let mut out = path.to_owned();
        let mut separator = '?';
        for (key, value) in self.0.iter().filter(|(_, value)| !value.is_empty()) {
            let _ = write!(out, "{separator}{}={}", component(key), component(value));
            separator = '&';
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query() -> Query {
        Query(
            [("status", "active"), ("status", "trial"), ("q", "a&b"), ("after", "x")]
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .to_vec(),
        )
    }

    #[test]
    fn one_thing_changes_and_the_rest_stays() {
        assert_eq!(query().first_page().without("status", "trial").href("/t"), "/t?status=active&q=a%26b");
        assert_eq!(
            query().set("status", "").set("sort", "-health").first_page().href("/t"),
            "/t?q=a%26b&sort=-health"
        );
        assert_eq!(query().all("status"), ["active", "trial"]);
        assert_eq!(Query::default().href("/t"), "/t");
    }

    #[test]
    fn anything_can_stand_in_a_value() {
        let query = Query::default().set("q", "é \"<x> +#?");
        assert_eq!(query.href(""), "?q=%C3%A9%20%22%3Cx%3E%20%2B%23%3F");
    }
}
