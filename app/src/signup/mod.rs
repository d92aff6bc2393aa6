//! Self-service sign-up (R144): the pages of operators under `/signup-pages`, and those of visitors under `/join`, which
//! nobody has to be signed in for. Visitors see the page's own name and colour; every colour is a word of the model, whose
//! values stand in `style/_tokens.scss` and are checked here.

pub mod api;
mod detail;
mod form;
mod join;
mod link;
mod list;
mod wait;

pub use detail::SignupPagePage;
pub use form::{EditSignupPagePage, NewSignupPagePage};
pub use join::{JoinPage, SentPage};
pub use link::ConfirmPage;
pub use list::SignupPagesPage;

use crate::ui::{Badge, Tone};
use leptos::prelude::*;
use model::signup::{SignupPage, Stage};

/// Whether a page takes in visitors, and why not.
fn standing(page: &SignupPage) -> AnyView {
    let (tone, icon, text) = match (page.open, page.offered) {
        (false, _) => (Tone::Neutral, "lock", "Closed"),
        (true, false) => (Tone::Danger, "alert-triangle", "Template not published"),
        (true, true) => (Tone::Success, "check-circle", "Open"),
    };
    view! { <Badge tone icon>{text}</Badge> }.into_any()
}

fn stage_badge(stage: Stage) -> AnyView {
    let (tone, icon) = match stage {
        Stage::Unconfirmed => (Tone::Neutral, "mail"),
        Stage::Approval => (Tone::Warning, "hand"),
        Stage::Making => (Tone::Info, "status-provisioning"),
        Stage::Held => (Tone::Danger, "alert-triangle"),
        Stage::Ready => (Tone::Success, "check-circle"),
        Stage::Failed => (Tone::Danger, "octagon-x"),
        Stage::Declined => (Tone::Neutral, "ban"),
    };
    view! { <Badge tone icon>{stage.label()}</Badge> }.into_any()
}

#[cfg(test)]
mod tests {
    use model::signup::Colour;

    fn luminance(hex: &str) -> f64 {
        let channel = |at: usize| {
            let c = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// The value of a token in a rule, for light or dark.
    fn token(rule: &str, name: &str, dark: bool) -> String {
        let value = rule.split(&format!("--{name}: light-dark(")).nth(1).expect(name);
        let (light, rest) = value.split_once(", ").expect("two values");
        if dark { rest.split(')').next().expect("an end").to_owned() } else { light.to_owned() }
    }

    #[test]
    fn every_colour_keeps_its_contrast_in_light_and_dark() {
        let tokens = include_str!("../../../style/_tokens.scss");
        let root = tokens.split("/* surfaces */").nth(1).expect("the colours");
        for colour in Colour::ALL {
            let rule = match colour {
                Colour::Petrol => root,
                other => {
                    let head = format!("[data-brand=\"{}\"]", other.as_str());
                    tokens.split(&head).nth(1).and_then(|rest| rest.split('}').next()).expect("a rule")
                }
            };
            for dark in [false, true] {
                let of = |name: &str| token(rule, name, dark);
                let surface = token(root, "surface", dark);
                // WCAG 1.4.3 for the words on a button, 1.4.11 for the button itself.
                assert!(contrast(&of("on-accent"), &of("accent")) >= 4.5, "{colour:?} {dark}");
                assert!(contrast(&of("on-accent"), &of("accent-hover")) >= 4.5, "{colour:?} {dark}");
                assert!(contrast(&of("accent"), &surface) >= 3.0, "{colour:?} {dark}");
            }
        }
    }
}
