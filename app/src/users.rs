//! The people of a tenant: who they are, inviting somebody or several at once, sending an invitation again, and
//! withdrawing it.

mod many;

pub use many::InviteSeveralPage;
pub(crate) use many::{list_help, named};

use crate::error::AppError;
use crate::paths;
use crate::tenants::{Section, TenantFrame, TenantSection};
use crate::ui::{self, *};
use leptos::prelude::*;
use leptos_meta::Title;
use model::page::Page;
use model::permission::{Permission, Role, Scope, Verdict};
use model::tenants::TenantHead;
use model::users::Person;
use model::work::Work;

/// `query` is the one of the page's address.
#[server]
pub async fn get_people(slug: String, #[server(default)] query: String) -> Result<Page<Person>, AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    let cursor = model::directory::Cursor::of(&model::url::decode(&query));
    Ok(domain::users::people(&cx, tenant.id, &cursor).await?)
}

#[server]
pub async fn invite_user(
    slug: String,
    #[server(default)] email: String,
    #[server(default)] name: String,
    #[server(default)] role: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    domain::users::invite(&cx, tenant.id, &email, &name, &role).await?;
    crate::server::flash("success", format!("{} is invited.", name.trim()));
    leptos_axum::redirect(&paths::tenant(&slug, Section::Users.as_str()));
    Ok(())
}

#[server]
pub async fn invite_again(slug: String, user: String) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    let user = user.parse().map_err(|_| AppError::NotFound)?;
    let name = domain::users::invite_again(&cx, tenant.id, user).await?;
    crate::server::flash("success", format!("{name} is sent another invitation."));
    Ok(())
}

#[server]
pub async fn get_invitation(slug: String, user: String) -> Result<(TenantHead, Person), AppError> {
    let cx = crate::server::ctx()?;
    let head = domain::tenants::head(&cx, &slug).await?;
    let user = user.parse().map_err(|_| AppError::NotFound)?;
    let person = domain::users::member(&cx, head.tenant.id, user).await?;
    Ok((head, person))
}

#[server]
pub async fn withdraw_invitation(slug: String, user: String) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    let user = user.parse().map_err(|_| AppError::NotFound)?;
    let name = domain::users::withdraw_invitation(&cx, tenant.id, user).await?;
    crate::server::flash("success", format!("The invitation of {name} is withdrawn."));
    leptos_axum::redirect(&paths::tenant(&slug, Section::Users.as_str()));
    Ok(())
}

/// `/tenants/{slug}/users`
#[component]
pub fn UsersPage() -> impl IntoView {
    view! {
        <TenantSection section=Section::Users view=|head: TenantHead| {
            let slug = head.tenant.slug.clone();
            let query = model::url::encode(&ui::query());
            let form = invite_form(&head);
            view! {
                <Load read=move || get_people(slug.clone(), query.clone()) view=move |page| list(&head, page)/>
                {form}
            }
            .into_any()
        }/>
    }
}

fn ability(head: &TenantHead) -> Result<(), String> {
    match head.viewer.may(Permission::MemberManage, Scope::Tenant(head.tenant.id)) {
        Verdict::Allowed => Ok(()),
        Verdict::Suspended(_) => Err("Your organisation’s access is read-only at the moment.".into()),
        _ => Err("Your role does not let you invite people.".into()),
    }
}

/// Whether the tenant's status lets anybody be invited, or why not.
fn admission(head: &TenantHead) -> Result<(), String> {
    head.refusal(Work::Admit).map_or(Ok(()), Err)
}

/// Whether the reader may take an invitation back now, or why not.
fn withdrawal(head: &TenantHead) -> Result<(), String> {
    match head.viewer.may(Permission::MemberManage, Scope::Tenant(head.tenant.id)) {
        Verdict::Allowed => head.refusal(Work::Withdraw).map_or(Ok(()), Err),
        Verdict::Suspended(_) => Err("Your organisation’s access is read-only at the moment.".into()),
        _ => Err("Your role does not let you withdraw invitations.".into()),
    }
}

fn invite_form(head: &TenantHead) -> AnyView {
    if let Err(reason) = ability(head) {
        return view! { <DisabledButton id="why-invite" reason>"Invite somebody"</DisabledButton> }
            .into_any();
    }
    let state = ui::form_state("invite_user");
    let roles = Role::ALL
        .iter()
        .filter(|role| !role.is_platform())
        .map(|role| {
            Choice::new(role.as_str(), role.label()).note(match role {
                Role::TenantAdmin => "Runs this tenant: tasks, keys, people",
                _ => "Reads this tenant",
            })
        })
        .collect();
    let slug = head.tenant.slug.clone();
    let several = paths::invite_several(&slug);
    let aside = view! { <a href=several>"Invite several"</a> };
    view! {
        <Card id="invite" title="Invite somebody" aside=aside.into_any()>
            <Form to="invite_user" state=state.clone()>
                <Hidden name="slug" value=slug/>
                <TextField state=&state name="email" label="E-mail" kind="email" width=FieldWidth::Md help="They get a mail with a link to choose a password; it works once, for 7 days."/>
                <TextField state=&state name="name" label="Name" width=FieldWidth::Md max=120/>
                <RadioCards state=&state name="role" label="Role" choices=roles initial="tenant_member" cols=2/>
                <Actions><Button kind=Kind::Primary icon="mail">"Invite"</Button></Actions>
            </Form>
        </Card>
    }
    .into_any()
}

fn list(head: &TenantHead, page: Page<Person>) -> AnyView {
    let shown = page.rows.len();
    if shown == 0 && page.previous.is_none() {
        return view! { <Empty icon="users" title="Nobody belongs to this tenant" text="Invite its first admin below; they choose their own password."/> }
            .into_any();
    }
    let (may, may_withdraw) = (ability(head).is_ok(), withdrawal(head).is_ok());
    let slug = head.tenant.slug.clone();
    let path = paths::tenant(&slug, Section::Users.as_str());
    let rows = page.rows.into_iter().map(|person| row(&slug, may, may_withdraw, person)).collect_view();
    view! {
        <DataTable id="users" caption="People" cards=true head=view! {
            <Th>"Name"</Th><Th>"E-mail"</Th><Th>"Role"</Th><Th>"State"</Th><Th>"Last seen"</Th><Th hidden=true>"Actions"</Th>
        }.into_any()>{rows}</DataTable>
        <Pagination path shown total=page.total next=page.next previous=page.previous what="people"/>
    }
    .into_any()
}

fn row(slug: &str, may: bool, may_withdraw: bool, person: Person) -> AnyView {
    let state = if person.closed {
        view! { <Badge tone=Tone::Neutral icon="ban">"Closed"</Badge> }.into_any()
    } else if person.invited {
        view! { <Badge tone=Tone::Info icon="mail">"Invited"</Badge> }.into_any()
    } else {
        view! { <Badge tone=Tone::Success icon="status-active">"Active"</Badge> }.into_any()
    };
    let again = (may && person.invited && !person.closed).then(|| {
        let (slug, id, name) = (slug.to_owned(), person.id.to_string(), format!(" {}", person.name));
        view! {
            <Form to="invite_again" state=form_state("invite_again")>
                <Hidden name="slug" value=slug/>
                <Hidden name="user" value=id/>
                <Button size=Size::Small>"Invite again"<span class="u-visually-hidden">{name}</span></Button>
            </Form>
        }
    });
    let withdraw = (may_withdraw && person.invited && !person.closed).then(|| {
        let name = format!(" the invitation of {}", person.name);
        view! {
            <LinkButton href=paths::withdraw_invitation(slug, person.id) kind=Kind::DangerQuiet size=Size::Small>
                "Withdraw…"<span class="u-visually-hidden">{name}</span>
            </LinkButton>
        }
    });
    view! {
        <tr>
            <th scope="row">{person.name.clone()}</th>
            <td data-label="E-mail"><span class="u-break">{person.email.clone()}</span></td>
            <td data-label="Role">{person.role.label()}</td>
            <td data-label="State">{state}" "{withdraw}</td>
            <td data-label="Last seen"><MaybeWhen at=person.last_seen_at never="never"/></td>
            <td class="c-table__actions">{again}</td>
        </tr>
    }
    .into_any()
}

/// `/tenants/{slug}/users/{user}/withdraw`
#[component]
pub fn WithdrawPage() -> impl IntoView {
    let (slug, user) = (ui::param("slug"), ui::param("user"));
    view! {
        <Load read=move || get_invitation(slug.clone(), user.clone()) view=|(head, person): (TenantHead, Person)| {
            let title = format!("Withdraw the invitation of {} · {}", person.name, head.tenant.name);
            let body = confirm(&head, &person);
            view! { <Title text=title/> <TenantFrame head section=Section::Users>{body}</TenantFrame> }.into_any()
        }/>
    }
}

fn confirm(head: &TenantHead, person: &Person) -> AnyView {
    let back = paths::tenant(&head.tenant.slug, Section::Users.as_str());
    let why = if person.closed {
        Err(format!("The account of {} is closed: nobody signs in with it.", person.name))
    } else if !person.invited {
        Err(format!("{} has accepted the invitation already.", person.name))
    } else {
        withdrawal(head)
    };
    if let Err(why) = why {
        let living = person.invited && !person.closed;
        let title = if living { "Not possible now" } else { "There is no invitation to withdraw" };
        return view! {
            <Empty kind=EmptyKind::Zero icon="ban" title text=why>
                <LinkButton href=back>"All people"</LinkButton>
            </Empty>
        }
        .into_any();
    }
    let consequences = vec![
        Consequence::new(
            Tone::Danger,
            "ban",
            format!(
                "The link that was sent to {} lets nobody into this tenant any more, from now on.",
                person.email
            ),
        ),
        Consequence::new(
            Tone::Neutral,
            "users",
            format!("{} leaves the list of people, and the seat is free.", person.name),
        ),
        Consequence::new(
            Tone::Neutral,
            "info",
            "They are not told. Somebody who is let in elsewhere as well keeps their account, and the same person can be invited again.",
        ),
    ];
    view! {
        <ConfirmPage to="withdraw_invitation" state=ui::form_state("withdraw_invitation") tier=Tier::Review consequences
            button="Withdraw invitation" back
            hidden=vec![("slug", head.tenant.slug.clone()), ("user", person.id.to_string())]/>
    }
    .into_any()
}
