//! Platform keys (R139): the list, making one (its text is shown once), and revoking one. Owners do; operators and
//! auditors read.

use super::{Tab, tabs};
use crate::api_keys::state_badge;
use crate::error::AppError;
use crate::paths;
use crate::ui::{
    self, Actions, Button, Card, Choice, ConfirmPage, Consequence, DataTable, Empty, EmptyKind, FieldWidth,
    Form, Kind, LinkButton, Load, MaybeWhen, PageHeader, RadioCards, ShownOnce, Size, TextField, Th, Tier,
    Tone, When,
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::permission::{Permission, Role, Scope};
use model::platform_keys::{DAYS_DEFAULT, DAYS_MAX, NAME_MAX, NewPlatformKey, PlatformKey, ROLES};

#[server]
pub async fn list_platform_keys() -> Result<Vec<PlatformKey>, AppError> {
    Ok(domain::platform_keys::list(&crate::server::ctx()?).await?)
}

#[server]
pub async fn get_platform_key(key: String) -> Result<PlatformKey, AppError> {
    let id = key.parse().map_err(|_| AppError::NotFound)?;
    Ok(domain::platform_keys::get(&crate::server::ctx()?, id).await?)
}

#[server]
pub async fn create_platform_key(
    #[server(default)] name: String,
    #[server(default)] role: String,
    #[server(default)] days: String,
) -> Result<NewPlatformKey, AppError> {
    let key = domain::platform_keys::create(&crate::server::ctx()?, &name, &role, &days).await?;
    crate::server::show_once();
    Ok(key)
}

#[server]
pub async fn revoke_platform_key(key: String, #[server(default)] reason: String) -> Result<(), AppError> {
    let id = key.parse().map_err(|_| AppError::NotFound)?;
    let key = domain::platform_keys::revoke(&crate::server::ctx()?, id, &reason).await?;
    crate::server::flash("success", format!("The key “{}” is revoked.", key.name));
    leptos_axum::redirect(paths::PLATFORM_KEYS);
    Ok(())
}

/// Whether the reader may make and revoke keys.
fn may_manage() -> bool {
    crate::server::actor().allows(Permission::PlatformKeyManage, Scope::Platform)
}

/// `/settings/keys`
#[component]
pub fn PlatformKeysPage() -> impl IntoView {
    view! { <Title text="Platform keys · Settings"/> <Load read=list_platform_keys view=page/> }
}

fn page(keys: Vec<PlatformKey>) -> AnyView {
    let may = may_manage();
    let made = ui::form_answer::<NewPlatformKey>("create_platform_key");
    // Right after a key was made there is one thing to do: to keep it.
    let form = match (may, &made) {
        (true, None) => create_form(),
        (true, Some(_)) => ().into_any(),
        (false, _) => {
            view! { <p class="u-muted">"Owners make and revoke these keys: nobody else lets anybody in."</p> }
                .into_any()
        }
    };
    view! {
        <PageHeader title="Platform keys" lead="Keys of your own programs: with one, a program works on tenants over the machine API, as far as a person of its role may."/>
        {tabs(Tab::Keys)}
        {made.map(made_key)}
        {list(keys, may)}
        {form}
    }
    .into_any()
}

fn made_key(key: NewPlatformKey) -> AnyView {
    let title = format!("The key “{}” is made. Copy it now.", key.name);
    let label = format!("Copy the key “{}”", key.name);
    let (role, until) = (key.role.label(), ui::absolute(key.expires_at));
    let who = format!(" Whoever has it acts on every tenant, in the role “{role}”, until {until}.");
    view! {
        <ShownOnce id="made-title" title value=key.text label>
            "It is shown this once and kept nowhere; if it is lost, revoke it and make another."
            {who}
        </ShownOnce>
    }
    .into_any()
}

/// What a program of this role may do.
fn duty(role: Role) -> &'static str {
    match role {
        Role::Operator => {
            "Runs the life of tenants: makes, suspends, reinstates, moves between plans, works on many. Approves nothing, and manages no people and no keys."
        }
        _ => "Reads tenants, their payments and operations. Changes nothing.",
    }
}

fn create_form() -> AnyView {
    let state = ui::form_state("create_platform_key");
    let choices = ROLES.map(|role| Choice::new(role.as_str(), role.label()).note(duty(role))).into();
    let days = format!("From 1 to {DAYS_MAX}. After that the program needs a new key.");
    view! {
        <Card id="make" title="Make a key">
            <Form to="create_platform_key" state=state.clone()>
                <TextField state=&state name="name" label="Name" help="The program that will use it, so that you know which one to revoke." width=FieldWidth::Md max=NAME_MAX/>
                <RadioCards state=&state name="role" label="Role" choices initial=Role::Auditor.as_str() cols=3/>
                <TextField state=&state name="days" label="Ends after" kind="number" suffix="days" initial=DAYS_DEFAULT.to_string() help=days width=FieldWidth::Sm/>
                <Actions><Button kind=Kind::Primary>"Make key"</Button></Actions>
            </Form>
        </Card>
    }
    .into_any()
}

fn list(keys: Vec<PlatformKey>, may: bool) -> AnyView {
    if keys.is_empty() {
        return view! {
            <Empty icon="key" title="No platform keys" text="A program of yours needs one to work on tenants over the machine API. The API is described at /api/v1/openapi.json."/>
        }
        .into_any();
    }
    let rows = keys.into_iter().map(|key| row(key, may)).collect_view();
    view! {
        <DataTable id="platform-keys" caption="Platform keys" cards=true head=view! {
            <Th>"Name"</Th><Th>"Role"</Th><Th>"State"</Th><Th>"Last used"</Th><Th>"Ends"</Th><Th>"Made"</Th><Th hidden=true>"Actions"</Th>
        }.into_any()>{rows}</DataTable>
        <p class="u-muted">"Programs send a key as "<code>"Authorization: Bearer …"</code>" to "<code>"/api/v1"</code>", described in "<a href="/api/v1/openapi.json">"openapi.json"</a>"."</p>
    }
    .into_any()
}

fn row(key: PlatformKey, may: bool) -> AnyView {
    let name = key.name.clone();
    let revoke = (key.revoked_at.is_none() && may).then(|| {
        view! {
            <LinkButton href=paths::revoke_platform_key(key.id) kind=Kind::DangerQuiet size=Size::Small>
                "Revoke…"<span class="u-visually-hidden">{format!(" {name}")}</span>
            </LinkButton>
        }
    });
    view! {
        <tr>
            <th scope="row">{key.name.clone()}<span class="c-table__sub"><code>{key.hint()}</code></span></th>
            <td data-label="Role">{key.role.label()}</td>
            <td data-label="State">{state_badge(key.revoked_at, Some(key.expires_at))}</td>
            <td data-label="Last used"><MaybeWhen at=key.last_used_at never="never"/></td>
            <td data-label="Ends"><When at=key.expires_at/></td>
            <td data-label="Made"><When at=key.created_at/>{format!(" by {}", key.created_by)}</td>
            <td class="c-table__actions">{revoke}</td>
        </tr>
    }
    .into_any()
}

/// `/settings/keys/{key}/revoke`
#[component]
pub fn RevokePlatformKeyPage() -> impl IntoView {
    let key = ui::param("key");
    view! { <Load read=move || get_platform_key(key.clone()) view=|key| confirm(&key)/> }
}

fn confirm(key: &PlatformKey) -> AnyView {
    let title = format!("Revoke {}", key.name);
    let why_not = match (key.revoked_at, may_manage()) {
        (Some(_), _) => Some((format!("The key “{}” is revoked already", key.name), "")),
        (None, false) => {
            Some(("You cannot revoke this key".to_owned(), "Owners make and revoke these keys."))
        }
        (None, true) => None,
    };
    let body = match why_not {
        Some((title, text)) => view! {
            <Empty kind=EmptyKind::Zero icon="ban" title text>
                <LinkButton href=paths::PLATFORM_KEYS>"All keys"</LinkButton>
            </Empty>
        }
        .into_any(),
        None => form(key),
    };
    view! { <Title text=format!("{title} · Settings")/> <PageHeader title/> {body} }.into_any()
}

fn form(key: &PlatformKey) -> AnyView {
    let used = match key.last_used_at {
        Some(at) => format!("It was last used {}.", ui::relative(at, ui::now())),
        None => "It was never used.".to_owned(),
    };
    let refused = format!(
        "Programs that use the key “{}” ({}) are refused from their next request on.",
        key.name,
        key.hint()
    );
    let consequences = vec![
        Consequence::new(Tone::Danger, "ban", refused),
        Consequence::new(Tone::Neutral, "clock", used),
        Consequence::new(Tone::Neutral, "info", "What it asked for already goes on."),
        Consequence::new(Tone::Neutral, "info", "It cannot be taken back: a program needs a new key."),
    ];
    view! {
        <ConfirmPage to="revoke_platform_key" state=ui::form_state("revoke_platform_key") tier=Tier::Serious consequences
            button="Revoke key" back=paths::PLATFORM_KEYS hidden=vec![("key", key.id.to_string())]/>
    }
    .into_any()
}
