//! Sign-in, sign-out, and the page that makes the first owner.

use crate::error::AppError;
use crate::paths;
use crate::request::Draft;
use crate::ui::{
    self, Button, FlashBanner, Form, FormState, Hidden, Kind, Load, Size, TextField, form_state,
};
use leptos::prelude::*;
use leptos_meta::{Body, Title};
use model::permission::{Actor, Role};

/// Begins a session and leads to `next`, or to where this person's work begins.
#[server]
pub async fn sign_in(
    #[server(default)] email: String,
    #[server(default)] password: String,
    #[server(default)] next: String,
) -> Result<(), AppError> {
    let start = crate::server::sign_in(&email, &password).await?;
    crate::server::redirect(&after_sign_in(&next, &start));
    Ok(())
}

/// Ends this session.
#[server]
pub async fn sign_out() -> Result<(), AppError> {
    crate::server::sign_out().await?;
    crate::server::redirect(paths::SIGN_IN);
    Ok(())
}

/// Whether a one-time link is good.
#[server]
pub async fn bootstrap_check(token: String) -> Result<(), AppError> {
    Ok(domain::users::bootstrap_check(&crate::server::ctx()?, &token).await?)
}

/// Makes the first owner with a one-time link.
#[server]
pub async fn bootstrap(
    token: String,
    #[server(default)] name: String,
    #[server(default)] email: String,
    #[server(default)] password: String,
) -> Result<(), AppError> {
    domain::users::bootstrap(&crate::server::ctx()?, &token, &email, &name, &password).await?;
    crate::server::flash("success", "Your account is ready. Sign in with it.");
    crate::server::redirect(paths::SIGN_IN);
    Ok(())
}

/// Whose link this is: name and e-mail.
#[server]
pub async fn set_up_check(token: String) -> Result<(String, String), AppError> {
    Ok(domain::users::set_up_check(&crate::server::ctx()?, &token).await?)
}

/// Chooses the first password of an invited person.
#[server]
pub async fn set_up(token: String, #[server(default)] password: String) -> Result<(), AppError> {
    domain::users::set_up(&crate::server::ctx()?, &token, &password).await?;
    crate::server::flash("success", "Your password is set. Sign in with it.");
    crate::server::redirect(paths::SIGN_IN);
    Ok(())
}

/// Where this person's work begins.
pub fn home_of(actor: &Actor) -> String {
    match actor {
        Actor::User { platform: Some(Role::Success), .. } => paths::HEALTH.into(),
        Actor::User { platform: None, memberships, .. } => {
            memberships.first().map_or_else(|| paths::SIGN_IN.into(), |m| paths::tenant(&m.slug, ""))
        }
        _ => paths::OVERVIEW.into(),
    }
}

/// The page that was asked for before the sign-in, if it is one of ours.
pub fn after_sign_in(next: &str, actor: &Actor) -> String {
    // A function or a program's door is no page to be led to.
    let page = !["/api", "/pkg"].iter().any(|door| {
        next.strip_prefix(door).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
    });
    let local =
        crate::request::is_local(next) && page && next != paths::HOME && !next.starts_with(paths::SIGN_IN);
    if local { next.to_owned() } else { home_of(actor) }
}

/// One card on an empty page.
#[component]
pub(crate) fn Solo(title: &'static str, children: Children) -> impl IntoView {
    view! {
        <Body {..} class="c-solo"/>
        <Title text=title/>
        <FlashBanner/>
        <main class="c-sign-in" id="content">
            <p class="c-sign-in__brand">{crate::layout::brand()}"Steward"</p>
            <h1>{title}</h1>
            {children()}
        </main>
    }
}

#[component]
pub fn SignInPage() -> impl IntoView {
    let query = ui::query();
    let asked = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let state = form_state("sign_in");
    let next = asked("next").unwrap_or_default();
    let draft = crate::server::extension::<Draft>();
    let told = match &draft {
        Some(_) => {
            Some("Your session has ended. What you entered is kept: sign in, and it is back in its form.")
        }
        None if asked("ended").is_some() && !state.failed() => {
            Some("Your session has ended. Sign in to go on where you were.")
        }
        None => None,
    };
    let known = state.sent("email").is_some_and(|email| !email.is_empty());
    let carried = draft.map(|draft| draft.inputs()).unwrap_or_default();
    let carried =
        carried.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> });
    view! {
        <Solo title="Sign in">
            {told.map(|told| view! { <ui::Banner tone=ui::Tone::Info>{told}</ui::Banner> })}
            <Form to="sign_in" state=state.clone()>
                <Hidden name="next" value=next/>
                {carried.collect_view()}
                <TextField state=&state name="email" label="E-mail" kind="email" autocomplete="username" autofocus=!known/>
                <TextField state=&state name="password" label="Password" kind="password" autocomplete="current-password" autofocus=known/>
                <Button kind=Kind::Primary size=Size::Large>"Sign in"</Button>
            </Form>
        </Solo>
    }
}

#[component]
pub fn BootstrapPage() -> impl IntoView {
    let token = ui::param("token");
    view! {
        <Load
            read={
                let token = token.clone();
                move || bootstrap_check(token.clone())
            }
            refused=|_| view! {
                <Solo title="This link is no good">
                    <p>"It was used, it is too old, or it is not whole. Links that make the first owner are good for one day and work once."</p>
                    <p>"Start the server again without an owner, and it prints a new one. If you have an account, sign in with it."</p>
                    <ui::LinkButton href=paths::SIGN_IN>"Go to sign-in"</ui::LinkButton>
                </Solo>
            }.into_any()
            view=move |()| {
                let state = form_state("bootstrap");
                let token = token.clone();
                view! {
                    <Solo title="Make the first owner">
                        <p>"Nobody can run this platform yet. This link works once."</p>
                        <Form to="bootstrap" state=state.clone()>
                            <Hidden name="token" value=token/>
                            <TextField state=&state name="name" label="Name" autocomplete="name" autofocus=true/>
                            <TextField state=&state name="email" label="E-mail" kind="email" autocomplete="username"/>
                            <NewPassword state=&state/>
                            <Button kind=Kind::Primary size=Size::Large>"Make my account"</Button>
                        </Form>
                    </Solo>
                }
                .into_any()
            }
        />
    }
}

/// `/set-up/{token}`: where the mail of an invitation leads.
#[component]
pub fn SetUpPage() -> impl IntoView {
    let token = ui::param("token");
    let read = token.clone();
    view! {
        <Load read=move || set_up_check(read.clone()) view=move |(name, email): (String, String)| {
            let state = form_state("set_up");
            let token = token.clone();
            view! {
                <Solo title="Choose a password">
                    <p>{format!("Hello {name}. You will sign in as {email}. This link works once.")}</p>
                    <Form to="set_up" state=state.clone()>
                        <Hidden name="token" value=token/>
                        // For password managers.
                        <input type="hidden" name="email" value=email autocomplete="username"/>
                        <NewPassword state=&state autofocus=true/>
                        <Button kind=Kind::Primary size=Size::Large>"Set password"</Button>
                    </Form>
                </Solo>
            }
            .into_any()
        }/>
    }
}

/// A password that is being chosen.
#[component]
pub(crate) fn NewPassword(
    #[prop(into)] state: FormState,
    #[prop(optional)] autofocus: bool,
    #[prop(default = "Password")] label: &'static str,
) -> impl IntoView {
    let help = format!(
        "{} characters or more. Several words are easier to remember than odd letters.",
        model::users::PASSWORD_MIN
    );
    view! { <TextField state=state name="password" label=label kind="password" autocomplete="new-password" help=help autofocus=autofocus/> }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::permission::Membership;
    use model::tenants::Access;
    use model::{TenantId, UserId};

    fn person(platform: Option<Role>) -> Actor {
        let tenant = TenantId(uuid::Uuid::from_u128(7));
        let membership = Membership {
            tenant,
            slug: "acme".into(),
            tenant_name: "Acme".into(),
            role: Role::TenantAdmin,
            access: Access::Full,
        };
        Actor::User {
            id: UserId(uuid::Uuid::from_u128(1)),
            name: "n".into(),
            email: "n@example.com".into(),
            platform,
            memberships: vec![membership],
        }
    }

    #[test]
    fn everybody_begins_where_their_work_is() {
        assert_eq!(home_of(&person(Some(Role::Operator))), "/overview");
        assert_eq!(home_of(&person(Some(Role::Success))), "/health");
        assert_eq!(home_of(&person(None)), "/tenants/acme");
    }

    #[test]
    fn sign_in_leads_nowhere_else() {
        let actor = person(Some(Role::Owner));
        assert_eq!(after_sign_in("/tenants?status=trial", &actor), "/tenants?status=trial");
        for bad in
            ["https://evil.example", "//evil.example", "/\\evil.example", "", "/", "/sign-in?next=/sign-in"]
        {
            assert_eq!(after_sign_in(bad, &actor), "/overview", "{bad}");
        }
    }
}
