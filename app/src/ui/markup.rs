//! HTML as text, for the one list where a view for every cell costs more than all the rest of the page.
//!
//! A tree of views is built, walked twice and dropped: for the fifty rows of the directory that was half of the time of
//! a request. What is written here cannot carry markup in from outside: literals of the program are the only text that
//! is taken as it stands ([`Markup::raw`] wants a `'static` one), everything else is escaped.

/// Markup in the making.
///
/// `Markup::new().raw("<td>").text(&tenant.name).raw("</td>")`
#[derive(Debug, Default)]
pub struct Markup(String);

impl Markup {
    pub fn with_capacity(bytes: usize) -> Self {
        Self(String::with_capacity(bytes))
    }

    /// Tags, attributes and words of the program itself.
    pub fn raw(&mut self, html: &'static str) -> &mut Self {
        self.0.push_str(html);
        self
    }

    /// Anybody's text between tags.
    pub fn text(&mut self, text: &str) -> &mut Self {
        html_escape::encode_text_to_string(text, &mut self.0);
        self
    }

    /// Anybody's text between the double quotes of an attribute.
    pub fn attribute(&mut self, text: &str) -> &mut Self {
        html_escape::encode_double_quoted_attribute_to_string(text, &mut self.0);
        self
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_stays_text() {
        let mut html = Markup::default();
        html.raw("<a href=\"")
            .attribute("/x?a=1&b=\"><script>")
            .raw("\">")
            .text("<b>Tom & Co</b>")
            .raw("</a>");
        assert_eq!(
            html.into_string(),
            "<a href=\"/x?a=1&amp;b=&quot;&gt;&lt;script&gt;\">&lt;b&gt;Tom &amp; Co&lt;/b&gt;</a>"
        );
        let mut html = Markup::default();
        html.text("</textarea><script>&amp;");
        assert_eq!(html.into_string(), "&lt;/textarea&gt;&lt;script&gt;&amp;amp;");
    }
}
