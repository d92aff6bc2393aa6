//! API keys of a tenant: the list, making one (its text is shown once), and revoking one.

use crate::error::AppError;
use crate::paths;
use crate::tenants::{Section, TenantFrame, TenantSection};
use crate::ui::{self, *};
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use leptos_meta::Title;
use model::api_keys::{ApiKey, NewKey, hint};
use model::permission::{KeyAccess, Verdict};
use model::permission::{Permission, Scope};
use model::tenants::TenantHead;
use model::work::Work;

/// From then on a key that ends is marked.
const SOON: chrono::TimeDelta = chrono::TimeDelta::days(14);

#[server]
pub async fn list_api_keys(slug: String) -> Result<Vec<ApiKey>, AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    Ok(domain::api_keys::list(&cx, tenant.id).await?)
}

#[server]
pub async fn get_api_key(slug: String, key: String) -> Result<(TenantHead, ApiKey), AppError> {
    let cx = crate::server::ctx()?;
    let head = domain::tenants::head(&cx, &slug).await?;
    let id = key.parse().map_err(|_| AppError::NotFound)?;
    let key = domain::api_keys::get(&cx, head.tenant.id, id).await?;
    Ok((head, key))
}

#[server]
pub async fn create_api_key(
    slug: String,
    #[server(default)] name: String,
    #[server(default)] access: String,
) -> Result<NewKey, AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    let key = domain::api_keys::create(&cx, tenant.id, &name, &access).await?;
    crate::server::show_once();
    Ok(key)
}

#[server]
pub async fn revoke_api_key(
    slug: String,
    key: String,
    #[server(default)] reason: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    let id = key.parse().map_err(|_| AppError::NotFound)?;
    let key = domain::api_keys::revoke(&cx, tenant.id, id, &reason).await?;
    crate::server::flash("success", format!("The key “{}” is revoked.", key.name));
    leptos_axum::redirect(&paths::tenant(&slug, Section::ApiKeys.as_str()));
    Ok(())
}

/// `/tenants/{slug}/api-keys`
#[component]
pub fn ApiKeysPage() -> impl IntoView {
    view! { <TenantSection section=Section::ApiKeys view=|head: TenantHead| view! { <Keys head/> }.into_any()/> }
}

#[component]
fn Keys(head: TenantHead) -> impl IntoView {
    let slug = head.tenant.slug.clone();
    let made = ui::form_answer::<NewKey>("create_api_key");
    // Right after a key was made there is one thing to do: to keep it.
    let form = if made.is_some() { None } else { Some(create_form(&head)) };
    view! {
        {made.map(made_key)}
        <Load read=move || list_api_keys(slug.clone()) view={
            let head = head.clone();
            move |keys| list(&head, keys)
        }/>
        {form}
    }
    .into_any()
}

fn made_key(key: NewKey) -> AnyView {
    let title = format!("The key “{}” is made. Copy it now.", key.name);
    let label = format!("Copy the key “{}”", key.name);
    let until = key.expires_at.map(|at| format!(" It works until {}.", ui::absolute(at)));
    view! {
        <ShownOnce id="made-title" title value=key.text label>
            "It is shown this once and kept nowhere. Whoever has it acts as this tenant; if it is lost, revoke it and make another."
            {until}
        </ShownOnce>
    }
    .into_any()
}

/// Whether the reader may manage keys now, or why not.
fn ability(head: &TenantHead, work: Work) -> Result<(), String> {
    match head.viewer.may(Permission::ApiKeyManage, Scope::Tenant(head.tenant.id)) {
        Verdict::Allowed => head.refusal(work).map_or(Ok(()), Err),
        Verdict::Suspended(_) => Err("Your organisation’s access is read-only at the moment.".into()),
        _ => Err("Your role does not let you manage API keys.".into()),
    }
}

fn create_form(head: &TenantHead) -> AnyView {
    if let Err(reason) = ability(head, Work::Admit) {
        return view! { <DisabledButton id="why-create" reason>"Make a key"</DisabledButton> }.into_any();
    }
    let state = ui::form_state("create_api_key");
    let choices = KeyAccess::ALL
        .iter()
        .map(|access| {
            Choice::new(access.as_str(), access.label()).note(match access {
                KeyAccess::Read => "Reads conversations, results and usage",
                KeyAccess::ReadWrite => "Sends conversations as well",
            })
        })
        .collect();
    let slug = head.tenant.slug.clone();
    view! {
        <Card id="make" title="Make a key">
            <Form to="create_api_key" state=state.clone()>
                <Hidden name="slug" value=slug/>
                <TextField state=&state name="name" label="Name" help="The program that will use it, so that you know which one to revoke." width=FieldWidth::Md max=model::api_keys::NAME_MAX/>
                <RadioCards state=&state name="access" label="Access" choices initial="read" cols=2/>
                <Actions><Button kind=Kind::Primary>"Make key"</Button></Actions>
            </Form>
        </Card>
    }
    .into_any()
}

fn list(head: &TenantHead, keys: Vec<ApiKey>) -> AnyView {
    if keys.is_empty() {
        return view! {
            <Empty icon="key" title="No API keys" text="A program needs one to send conversations and to read their results. The API is described at /api/v1/openapi.json."/>
        }
        .into_any();
    }
    let revocable = ability(head, Work::Withdraw).is_ok();
    let slug = head.tenant.slug.clone();
    let rows = keys.into_iter().map(|key| row(&slug, key, revocable)).collect_view();
    view! {
        <DataTable id="keys" caption="API keys" cards=true head=view! {
            <Th>"Name"</Th><Th>"Access"</Th><Th>"State"</Th><Th>"Last used"</Th><Th>"Expires"</Th><Th>"Made"</Th><Th hidden=true>"Actions"</Th>
        }.into_any()>{rows}</DataTable>
        <p class="u-muted">"Programs send conversations and read results at "<code>"/api/v1"</code>", described in "<a href="/api/v1/openapi.json">"openapi.json"</a>"."</p>
    }
    .into_any()
}

/// How a key stands, a platform key as well.
pub(crate) fn state_badge(revoked_at: Option<DateTime<Utc>>, expires_at: Option<DateTime<Utc>>) -> AnyView {
    let now = ui::now();
    let ends_before = |then: DateTime<Utc>| expires_at.is_some_and(|at| at <= then);
    match revoked_at {
        Some(at) => view! { <Badge tone=Tone::Neutral icon="ban">"Revoked"</Badge>" "<When at/> }.into_any(),
        None if ends_before(now) => {
            view! { <Badge tone=Tone::Neutral icon="hourglass">"Expired"</Badge> }.into_any()
        }
        None if ends_before(now + SOON) => {
            view! { <Badge tone=Tone::Warning icon="hourglass">"Expires soon"</Badge> }.into_any()
        }
        None => view! { <Badge tone=Tone::Success icon="status-active">"Active"</Badge> }.into_any(),
    }
}

fn row(slug: &str, key: ApiKey, revocable: bool) -> AnyView {
    let state = state_badge(key.revoked_at, key.expires_at);
    let name = key.name.clone();
    let revoke = (key.revoked_at.is_none() && revocable).then(|| {
        view! {
            <LinkButton href=paths::revoke_api_key(slug, key.id) kind=Kind::DangerQuiet size=Size::Small>
                "Revoke…"<span class="u-visually-hidden">{format!(" {name}")}</span>
            </LinkButton>
        }
    });
    view! {
        <tr>
            <th scope="row">{key.name.clone()}<span class="c-table__sub"><code>{key.hint()}</code></span></th>
            <td data-label="Access">{key.access.label()}</td>
            <td data-label="State">{state}</td>
            <td data-label="Last used"><MaybeWhen at=key.last_used_at never="never"/></td>
            <td data-label="Expires"><MaybeWhen at=key.expires_at never="never"/></td>
            <td data-label="Made"><When at=key.created_at/>{format!(" by {}", key.created_by)}</td>
            <td class="c-table__actions">{revoke}</td>
        </tr>
    }
    .into_any()
}

/// `/tenants/{slug}/api-keys/{key}/revoke`
#[component]
pub fn RevokePage() -> impl IntoView {
    let (slug, key) = (ui::param("slug"), ui::param("key"));
    view! {
        <Load read=move || get_api_key(slug.clone(), key.clone()) view=|(head, key): (TenantHead, ApiKey)| {
            let title = format!("Revoke {} · {}", key.name, head.tenant.name);
            let body = confirm(&head, &key);
            view! { <Title text=title/> <TenantFrame head section=Section::ApiKeys>{body}</TenantFrame> }.into_any()
        }/>
    }
}

fn confirm(head: &TenantHead, key: &ApiKey) -> AnyView {
    let back = paths::tenant(&head.tenant.slug, Section::ApiKeys.as_str());
    if key.revoked_at.is_some() {
        return view! {
            <Empty kind=EmptyKind::Zero icon="ban" title=format!("The key “{}” is revoked already", key.name)>
                <LinkButton href=back>"All keys"</LinkButton>
            </Empty>
        }
        .into_any();
    }
    if let Err(why) = ability(head, Work::Withdraw) {
        return view! {
            <Empty kind=EmptyKind::Zero icon="ban" title="This key cannot be revoked now" text=why>
                <LinkButton href=back>"All keys"</LinkButton>
            </Empty>
        }
        .into_any();
    }
    let used = match key.last_used_at {
        Some(at) => format!("It was last used {}.", ui::relative(at, ui::now())),
        None => "It was never used.".to_owned(),
    };
    let consequences = vec![
        Consequence::new(
            Tone::Danger,
            "ban",
            format!(
                "Programs that use the key “{}” ({}) are refused from their next request on.",
                key.name,
                hint(key.id)
            ),
        ),
        Consequence::new(Tone::Neutral, "clock", used),
        Consequence::new(Tone::Neutral, "info", "It cannot be taken back: a program needs a new key."),
    ];
    view! {
        <ConfirmPage to="revoke_api_key" state=ui::form_state("revoke_api_key") tier=Tier::Serious consequences
            button="Revoke key" back
            hidden=vec![("slug", head.tenant.slug.clone()), ("key", key.id.to_string())]/>
    }
    .into_any()
}
