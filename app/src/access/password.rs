//! `/me/password`: another password for oneself, with the present one.

use crate::paths;
use crate::session::NewPassword;
use crate::ui::{Actions, Button, Form, Kind, LinkButton, PageHeader, TextField, form_state};
use leptos::prelude::*;
use leptos_meta::Title;

#[component]
pub fn PasswordPage() -> impl IntoView {
    let state = form_state("change_own_password");
    let email = match &*crate::server::actor() {
        model::permission::Actor::User { email, .. } => email.clone(),
        _ => String::new(),
    };
    view! {
        <Title text="Change password"/>
        <PageHeader title="Change password" lead="You stay signed in here. Your sessions in other browsers end."/>
        <Form to="change_own_password" state=&state>
            // For password managers.
            <input type="hidden" name="username" value=email autocomplete="username"/>
            <TextField state=&state name="current" label="Present password" kind="password" autocomplete="current-password"/>
            <NewPassword state=&state label="New password"/>
            <Actions>
                <Button kind=Kind::Primary>"Change password"</Button>
                <LinkButton href=paths::SESSIONS>"Cancel"</LinkButton>
            </Actions>
        </Form>
    }
    .into_any()
}
