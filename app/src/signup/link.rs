//! `/join/{page}/{token}`: where the link of the mail leads. The same address asks for the confirmation first, and shows
//! how far the tenant is afterwards; whoever has it may reload it.

use super::api::get_signup_confirmation;
use super::join::{Frame, gone};
use super::wait::Waiting;
use crate::paths;
use crate::session::NewPassword;
use crate::ui::{
    self, Button, Empty, EmptyKind, Form, FormState, Hidden, Kind, LinkButton, Load, Size, Step, StepState,
    Steps, TextField, form_state,
};
use leptos::prelude::*;
use model::operations;
use model::signup::{Ask, Confirmation, Progress, Stage};

#[component]
pub fn ConfirmPage() -> impl IntoView {
    let (page, token) = (ui::param("page"), ui::param("token"));
    let read = {
        let token = token.clone();
        move || get_signup_confirmation(page.clone(), token.clone())
    };
    view! { <Load read refused=gone view=move |found| show(found, &token)/> }
}

fn show(found: Confirmation, token: &str) -> AnyView {
    let state = form_state("confirm_signup");
    let Confirmation { door, organisation, name, email, ask, progress } = found;
    let ids = view! { <Hidden name="page" value=door.slug.clone()/><Hidden name="token" value=token/> };
    match (ask, progress) {
        (Ask::Wait, Some(progress)) => waiting(&progress, door, &organisation, token, &state),
        (Ask::Choose, _) => view! {
            <Frame door title="Choose a password">
                <p>{format!("Hello {name}. {organisation} will be set up, and you will run it as {email}.")}</p>
                <Form to="confirm_signup" state=&state>
                    {ids}
                    // For password managers.
                    <input type="hidden" name="email" value=email autocomplete="username"/>
                    <NewPassword state=&state autofocus=true/>
                    <Button kind=Kind::Primary size=Size::Large>"Set up my organisation"</Button>
                </Form>
            </Frame>
        }
        .into_any(),
        (Ask::Prove, _) => view! {
            <Frame door title="Sign in to confirm">
                <p>{format!("You have an account as {email}. With its password you confirm that {organisation} shall be set up and that you run it.")}</p>
                <Form to="confirm_signup" state=&state>
                    {ids}
                    <input type="hidden" name="email" value=email autocomplete="username"/>
                    <TextField state=&state name="password" label="Password" kind="password" autocomplete="current-password" autofocus=true/>
                    <Button kind=Kind::Primary size=Size::Large>"Confirm"</Button>
                </Form>
            </Frame>
        }
        .into_any(),
        (Ask::Agree, _) => view! {
            <Frame door title="Confirm your sign-up">
                <p>{format!("You are signed in as {email}. {organisation} will be set up, and you will run it beside what you belong to already.")}</p>
                <Form to="confirm_signup" state=&state>
                    {ids}
                    <Button kind=Kind::Primary size=Size::Large>"Set up my organisation"</Button>
                </Form>
            </Frame>
        }
        .into_any(),
        (Ask::Refused | Ask::Wait, _) => {
            let again = paths::join(&door.slug);
            view! {
                <Frame door title="This address cannot be used">
                    <ui::SummaryOf state=&state/>
                    <Empty kind=EmptyKind::Denied icon="lock" title="Sign up with another address" text="The account of this address cannot be used for that.">
                        <LinkButton href=again>"Back to the form"</LinkButton>
                    </Empty>
                </Frame>
            }
            .into_any()
        }
    }
}

fn waiting(
    progress: &Progress,
    door: model::signup::Door,
    organisation: &str,
    token: &str,
    state: &FormState,
) -> AnyView {
    let (done, all) = progress.count();
    let brand = door.name.clone();
    let said = match progress.stage {
        Stage::Approval => format!(
            "{brand} looks at your sign-up first. You need not wait here: a mail tells you when {organisation} is ready."
        ),
        Stage::Making | Stage::Unconfirmed => format!(
            "{done} of {all} steps are done. This takes a few seconds; a mail tells you when it is ready."
        ),
        Stage::Held | Stage::Failed => format!(
            "{organisation} could not be set up. That is our fault, not yours: people here have been told and look at it. A mail tells you when it works."
        ),
        Stage::Declined => {
            format!("Your sign-up was looked at and could not be accepted. {organisation} was not set up.")
        }
        Stage::Ready => format!("{organisation} is set up and checked. Sign in with your password."),
    };
    let title = match progress.stage {
        Stage::Approval => "Waiting for approval",
        Stage::Making | Stage::Unconfirmed => "Being set up",
        Stage::Held | Stage::Failed => "Not set up yet",
        Stage::Declined => "Not accepted",
        Stage::Ready => "Ready",
    };
    let steps = (progress.stage == Stage::Making).then(|| view! { <Steps items=steps(progress)/> });
    let go = progress.tenant.as_ref().map(|slug| {
        let href = paths::sign_in(&paths::tenant(slug, ""));
        view! { <LinkButton href kind=Kind::Primary size=Size::Large>{format!("Go to {organisation}")}</LinkButton> }
    });
    let here = paths::join_link(&door.slug, token);
    let moves = progress.stage.moves();
    let again = moves.then(|| view! { <p><a href=here.clone()>"See how far it is now"</a></p> });
    let island = moves.then(|| view! { <Waiting address=here.clone()/> });
    let heading = organisation.to_owned();
    let problem = view! { <ui::SummaryOf state/> };
    view! {
        <Frame door title=heading>
            {problem}
            <div class="u-stack" id="progress" data-live data-moves=moves.to_string()>
                <h2>{title}</h2>
                <p id="progress-said">{said}</p>
                {steps}
                {go}
                {again}
            </div>
            {island}
        </Frame>
    }
    .into_any()
}

fn steps(progress: &Progress) -> Vec<Step> {
    progress
        .steps
        .iter()
        .map(|(label, state)| {
            let state = match state {
                operations::StepState::Pending => StepState::Queued,
                operations::StepState::Running => StepState::Running,
                operations::StepState::Done => StepState::Done,
                operations::StepState::Failed | operations::StepState::UndoFailed => StepState::Failed,
                operations::StepState::Undone => StepState::Undone,
            };
            Step { state, title: label.clone(), note: String::new(), meta: String::new() }
        })
        .collect()
}
