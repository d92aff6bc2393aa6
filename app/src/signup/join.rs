//! `/join/{page}`: where a visitor registers, and what they see afterwards. No session, no script needed.

use super::api::get_signup_door;
use crate::error::AppError;
use crate::paths;
use crate::ui::{
    self, Button, Checkbox, Empty, FlashBanner, Form, Hidden, Icon, Kind, Load, Size, TextField, form_state,
};
use leptos::prelude::*;
use leptos_meta::{Body, Title};
use model::signup::{Door, LINK_HOURS, NAME_MAX, ORGANISATION_MAX};

/// One card in the page's name and colour.
#[component]
pub(super) fn Frame(door: Door, #[prop(into)] title: String, children: Children) -> impl IntoView {
    let (name, colour) = (door.name, door.colour.as_str());
    view! {
        <Body {..} class="c-solo"/>
        <Title text=format!("{title} · {name}")/>
        <FlashBanner/>
        <main class="c-sign-in" id="content" data-brand=colour data-size="lg">
            <p class="c-sign-in__brand"><span class="c-avatar" aria-hidden="true">{ui::initials(&name)}</span><span class="u-break">{name}</span></p>
            <h1>{title}</h1>
            {children()}
            <footer class="c-sign-in__foot"><a href=paths::SIGN_IN>"Sign in instead"</a><span>"Runs on Steward"</span></footer>
        </main>
    }
    .into_any()
}

/// A page that is not there, or a link that is no good, for somebody who knows nothing of this console.
pub(super) fn gone(error: AppError) -> AnyView {
    let (title, text) = match &error {
        AppError::NotFound => (
            "This address leads nowhere",
            format!(
                "It is not whole, or its time is over: the link of a mail is good for {LINK_HOURS} hours. Sign up again where you began."
            ),
        ),
        other => (other.title(), other.message()),
    };
    view! {
        <Body {..} class="c-solo"/>
        <Title text=title/>
        <FlashBanner/>
        <main class="c-sign-in" id="content">
            <p class="c-sign-in__brand">{crate::layout::brand()}"Steward"</p>
            <h1>{title}</h1>
            <p>{text}</p>
        </main>
    }
    .into_any()
}

#[component]
pub fn JoinPage() -> impl IntoView {
    let page = ui::param("page");
    view! { <Load read=move || get_signup_door(page.clone()) refused=gone view=register/> }
}

fn register(door: Door) -> AnyView {
    let state = form_state("register_signup");
    let greeting = (!door.greeting.is_empty()).then(|| {
        let lines = door.greeting.lines().filter(|line| !line.trim().is_empty());
        lines.map(|line| view! { <p>{line.to_owned()}</p> }).collect_view()
    });
    if !door.open {
        return view! {
            <Frame door title="Sign up">
                <ui::SummaryOf state=&state/>
                <Empty icon="lock" title="Nobody is taken in at the moment" text="Try again tomorrow, or ask whoever gave you this address."/>
            </Frame>
        }
        .into_any();
    }
    let trial = (door.trial_days > 0)
        .then(|| view! { <p class="u-muted">{format!("Your trial has {}.", ui::plural(i64::from(door.trial_days), "day"))}</p> });
    let help = if door.email_domains.is_empty() {
        "A link to confirm it is sent there.".to_owned()
    } else {
        format!("At {}. A link to confirm it is sent there.", door.email_domains.join(" or "))
    };
    let terms = door.terms_url.clone().map(|url| {
        view! {
            <p><a href=url rel="noopener noreferrer external">"Read the terms"</a></p>
            <Checkbox state=&state name="terms" label="I agree to the terms"/>
        }
    });
    let slug = door.slug.clone();
    view! {
        <Frame door title="Sign up">
            {greeting}
            {trial}
            <Form to="register_signup" state=&state>
                <Hidden name="page" value=slug/>
                <TextField state=&state name="organisation" label="Name of your organisation" autocomplete="organization" max=ORGANISATION_MAX/>
                <TextField state=&state name="name" label="Your name" autocomplete="name" max=NAME_MAX/>
                <TextField state=&state name="email" label="E-mail" kind="email" autocomplete="email" max=254 help/>
                // No person sees this field, nor comes to it by the keyboard.
                <div class="u-visually-hidden" aria-hidden="true">
                    <label for="f-website">"Leave this empty"</label>
                    <input id="f-website" name="website" type="text" tabindex="-1" autocomplete="off"/>
                </div>
                {terms}
                <Button kind=Kind::Primary size=Size::Large>"Sign up"</Button>
            </Form>
        </Frame>
    }
    .into_any()
}

#[component]
pub fn SentPage() -> impl IntoView {
    let page = ui::param("page");
    view! { <Load read=move || get_signup_door(page.clone()) refused=gone view=sent/> }
}

/// The same for everybody, whatever the address is to us.
fn sent(door: Door) -> AnyView {
    let back = paths::join(&door.slug);
    view! {
        <Frame door title="Look into your mailbox">
            <p class="u-row"><Icon name="mail" size=Size::Large/>"A mail is on its way to the address that you entered."</p>
            <p>{format!("Follow the link in it within {LINK_HOURS} hours to go on. You can close this page.")}</p>
            <p class="u-muted">"Nothing there? Look among the spam, or "<a href=back>"check the address and try again"</a>"."</p>
        </Frame>
    }
    .into_any()
}
