//! Text in addresses: pairs of a query and single parts, escaped and back.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::fmt::Display;

/// All but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One segment of a path or one value of a query: nothing in it ends it.
pub fn component(text: &str) -> impl Display {
    utf8_percent_encode(text, RESERVED)
}

/// `application/x-www-form-urlencoded`, as browsers write a GET form.
pub fn encode<K: AsRef<str>, V: AsRef<str>>(pairs: &[(K, V)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// The pairs of a query string; broken escapes stay as they are.
pub fn decode(query: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_only_a_part() {
        assert_eq!(component("a/b ?c=1&d#é~-._*").to_string(), "a%2Fb%20%3Fc%3D1%26d%23%C3%A9~-._%2A");
    }

    #[test]
    fn pairs_come_back_and_broken_ones_stay() {
        let pairs = [("q", "a b&c=d"), ("q", "é*-._~"), ("", "x"), ("empty", "")];
        let text = encode(&pairs);
        assert_eq!(text, "q=a+b%26c%3Dd&q=%C3%A9*-._%7E&=x&empty=");
        assert_eq!(decode(&text), pairs.map(|(key, value)| (key.to_owned(), value.to_owned())));
        let broken = decode("&&a&b=%&c=%zz&d=%f&e=%C3");
        let values: Vec<_> = broken.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(values, ["a=", "b=%", "c=%zz", "d=%f", "e=\u{fffd}"]);
    }
}
