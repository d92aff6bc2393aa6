//! One's own sessions: where one is signed in, and the end of all but this.

use super::api::get_own_sessions;
use crate::ui::{self, DataTable, Form, Hidden, Load, PageHeader, Tag, Th, When, form_state};
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
        <PageHeader title="Your sessions" lead="Every browser in which you are signed in. One that you do not know is a reason to end it and to change your password." actions=all.into_any()/>
        <ui::SummaryOf state=&state/>
        <DataTable id="sessions" caption="Your open sessions" cards=true head=view! {
            <Th>"Last used"</Th><Th>"Began"</Th><Th>"Ends unused"</Th><Th>"Ends at the latest"</Th><Th hidden=true>"Action"</Th>
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
                <button class="c-button" data-size="sm">"End"<span class="u-visually-hidden">{which}</span></button>
            </form>
        }
        .into_any()
    };
    view! {
        <tr>
            <th scope="row"><When at=session.seen_at/></th>
            <td data-label="Began"><When at=session.began_at/></td>
            <td data-label="Ends unused"><When at=session.idle_until/></td>
            <td data-label="Ends at the latest"><When at=session.ends_at/></td>
            <td data-label="Action">{action}</td>
        </tr>
    }
    .into_any()
}
