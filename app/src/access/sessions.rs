//! One's own sessions: where one is signed in, and the end of all but this.

use super::api::get_own_sessions;
use crate::paths;
use crate::ui::{self, Button, DataTable, Form, Hidden, Load, PageHeader, Size, Tag, Th, When, form_state};
use leptos::prelude::*;
use leptos_meta::Title;
use model::access::OwnSession;

#[component]
pub fn SessionsPage() -> impl IntoView {
    view! {
        <Title text="Your sessions"/>
        <Load read=get_own_sessions view=|sessions| list(sessions)/>
    }
}

fn list(sessions: Vec<OwnSession>) -> AnyView {
    let state = form_state("end_own_session");
    let others = sessions.iter().filter(|session| !session.current).count();
    let all = (others > 1).then(|| view! { <Form to="end_own_session" state=ui::FormState::default()><Hidden name="session" value="others"/><ui::Button icon="log-out">"End all others"</ui::Button></Form> });
    let rows = sessions.into_iter().map(row).collect_view();
    view! {
        <PageHeader title="Your sessions" lead="Every browser in which you are signed in. One that you do not know is a reason to end it and to change your password." actions=view! {
            {all}
            <ui::LinkButton href=paths::PASSWORD icon="key">"Change password"</ui::LinkButton>
        }.into_any()/>
        <ui::SummaryOf state=&state/>
        <DataTable id="sessions" caption="Your open sessions" cards=true head=view! {
            <Th>"Browser"</Th><Th>"Address"</Th><Th>"Last used"</Th><Th>"Began"</Th><Th>"Ends unused"</Th><Th>"Ends at the latest"</Th><Th hidden=true>"Action"</Th>
        }.into_any()>{rows}</DataTable>
    }
    .into_any()
}

fn row(session: OwnSession) -> AnyView {
    let action = if session.current {
        view! { <Tag>"This one"</Tag> }.into_any()
    } else {
        let which = format!(" that began {}", ui::absolute(session.began_at));
        view! {
            <form method="post">
                <input type="hidden" name=ui::FORM_NAME value="end_own_session"/>
                <Hidden name="session" value=session.key/>
                <Button size=Size::Small>"End"<span class="u-visually-hidden">{which}</span></Button>
            </form>
        }
        .into_any()
    };
    view! {
        <tr>
            <th scope="row"><span title=session.agent.clone()>{device(session.agent.as_deref())}</span></th>
            <td data-label="Address"><code>{session.address.unwrap_or_else(|| "—".into())}</code></td>
            <td data-label="Last used"><When at=session.seen_at/></td>
            <td data-label="Began"><When at=session.began_at/></td>
            <td data-label="Ends unused"><When at=session.idle_until/></td>
            <td data-label="Ends at the latest"><When at=session.ends_at/></td>
            <td data-label="Action">{action}</td>
        </tr>
    }
    .into_any()
}

/// A browser in a few words, from what it calls itself: what its owner would recognise, not what it is.
fn device(agent: Option<&str>) -> String {
    let Some(agent) = agent else { return "Not on record".into() };
    // The first word that is found holds: browsers name those they descend from as well.
    let first = |words: &[(&str, &'static str)]| {
        words.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    let browser = first(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("CriOS/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(name), None) | (None, Some(name)) => name.into(),
        (None, None) => agent.chars().take(40).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::device;

    #[test]
    fn a_browser_is_told_in_words_that_its_owner_knows() {
        let cases = [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
                "Chrome on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:132.0) Gecko/20100101 Firefox/132.0",
                "Firefox on macOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            ("curl/8.5.0", "curl/8.5.0"),
        ];
        for (agent, told) in cases {
            assert_eq!(device(Some(agent)), told, "{agent}");
        }
        assert_eq!(device(None), "Not on record");
    }
}
