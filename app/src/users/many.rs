//! Inviting several people at once from a list (R23): a preview that says what becomes of each line, then the same list
//! sent once more, and what became of each. Nothing is kept in between but what the page itself carries.

use super::{ability, admission};
use crate::error::AppError;
use crate::paths;
use crate::tenants::{Section, TenantFrame};
use crate::ui::{self, *};
use leptos::prelude::*;
use leptos_meta::Title;
use model::operations;
use model::people::{Fate, Invitations, Judged, LIST_BYTES, PEOPLE_MAX, Seats};
use model::permission::Role;
use model::tenants::TenantHead;

/// Whoever may invite sees the page, with the seats of the tenant.
#[server]
pub async fn get_invite_several(slug: String) -> Result<(TenantHead, Option<Seats>), AppError> {
    let cx = crate::server::ctx()?;
    let head = domain::tenants::head(&cx, &slug).await?;
    let seats = domain::users::seats(&cx, head.tenant.id).await?;
    Ok((head, seats))
}

/// What would become of each line; shown on the page of the form.
#[server]
pub async fn preview_invitations(
    slug: String,
    #[server(default)] people: String,
) -> Result<Invitations, AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    let preview = domain::users::preview_invitations(&cx, tenant.id, &people).await?;
    crate::server::show_once();
    Ok(preview)
}

/// Invites all who can be; what became of each line is shown on the page of the form.
#[server]
pub async fn invite_several(
    slug: String,
    #[server(default)] people: String,
) -> Result<Invitations, AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    let outcome = domain::users::invite_many(&cx, tenant.id, &people).await?;
    crate::server::show_once();
    Ok(outcome)
}

/// How a list is written; said wherever one is asked for.
pub(crate) fn list_help() -> String {
    format!(
        "One person on each line: name, e-mail, role. The role is admin or member; left out, it is member. A name with a comma stands in quotation marks. A first line with the names of the columns is fine. At most {PEOPLE_MAX} people."
    )
}

/// The people of a list in words, the first of them by name.
pub(crate) fn named(people: &[operations::Person]) -> String {
    const NAMED: usize = 20;
    let names: Vec<_> = people
        .iter()
        .take(NAMED)
        .map(|person| format!("{} ({}, {})", person.name, person.email, person.role.label()))
        .collect();
    let count = counted(i64::try_from(people.len()).unwrap_or(i64::MAX));
    match people.len() {
        0 => String::new(),
        all if all > NAMED => format!("{count}: {}; and {} more", names.join("; "), all - NAMED),
        _ => format!("{count}: {}", names.join("; ")),
    }
}

fn counted(people: i64) -> String {
    if people == 1 { "1 person".to_owned() } else { format!("{} people", ui::grouped(people)) }
}

/// `/tenants/{slug}/users/invite`
#[component]
pub fn InviteSeveralPage() -> impl IntoView {
    let slug = ui::param("slug");
    view! {
        <Load read=move || get_invite_several(slug.clone()) view=|(head, seats): (TenantHead, Option<Seats>)| {
            let title = format!("Invite several · {}", head.tenant.name);
            let body = page(&head, seats);
            view! { <Title text=title/> <TenantFrame head section=Section::Users>{body}</TenantFrame> }.into_any()
        }/>
    }
}

fn page(head: &TenantHead, seats: Option<Seats>) -> AnyView {
    let back = paths::tenant(&head.tenant.slug, Section::Users.as_str());
    let sent = form_state("invite_several");
    if let Err(why) = ability(head).and_then(|()| admission(head)) {
        let failed = if sent.failed() { sent } else { form_state("preview_invitations") };
        return view! {
            <SummaryOf state=&failed/>
            <Typed state=&failed fields=&[("people", "People")]/>
            <Empty kind=EmptyKind::Zero icon="ban" title="Not possible now" text=why>
                <LinkButton href=back>"All people"</LinkButton>
            </Empty>
        }
        .into_any();
    }
    let slug = head.tenant.slug.as_str();
    // What is not good any more comes back to the form with its error; the preview would be of another list.
    if sent.failed() {
        return form(slug, &sent, "", seats, &back);
    }
    if let Some(outcome) = form_answer::<Invitations>("invite_several") {
        return done(slug, &outcome, &back);
    }
    let state = form_state("preview_invitations");
    match form_answer::<Invitations>("preview_invitations") {
        Some(preview) => previewed(slug, &preview, &back),
        None => form(slug, &state, "", seats, &back),
    }
}

/// Said without whose word they are: it may be the plan's, its template's, or that of this tenant alone.
fn seats_text(seats: Option<Seats>) -> String {
    match seats {
        None => "There is no limit of people.".to_owned(),
        Some(seats) => {
            format!("{} of {} seats are left.", ui::grouped(seats.left()), ui::grouped(seats.all))
        }
    }
}

fn form(slug: &str, state: &FormState, initial: &str, seats: Option<Seats>, back: &str) -> AnyView {
    let (slug, initial, back) = (slug.to_owned(), initial.to_owned(), back.to_owned());
    let state = state.clone();
    let max = u32::try_from(LIST_BYTES).unwrap_or(u32::MAX);
    view! {
        <Card id="invite-several" title="Invite several">
            <Form to="preview_invitations" state=state.clone()>
                <p>{seats_text(seats)}" Nobody is invited before you have seen the preview."</p>
                <Hidden name="slug" value=slug/>
                <TextArea state=&state name="people" label="People" initial=initial mono=true rows=12 max=max help=list_help()/>
                <Actions>
                    <Button kind=Kind::Primary>"Show preview"</Button>
                    <LinkButton href=back kind=Kind::Quiet>"Cancel"</LinkButton>
                </Actions>
            </Form>
        </Card>
    }
    .into_any()
}

fn previewed(slug: &str, preview: &Invitations, back: &str) -> AnyView {
    let good = preview.count(Fate::Invite);
    let summary = format!(
        "{} will be invited, {} there already, {} not. {}",
        counted(good),
        are(preview.count(Fate::Member)),
        ui::plural(preview.count(Fate::Refused), "line"),
        seats_text(preview.seats)
    );
    let rows = rows(preview, false);
    let send = (good > 0).then(|| {
        let (slug, text) = (slug.to_owned(), preview.text.clone());
        let label = format!("Invite {}", counted(good));
        view! {
            <Form to="invite_several" state=FormState::default()>
                <Hidden name="slug" value=slug/>
                <Hidden name="people" value=text/>
                <Actions><Button kind=Kind::Primary icon="mail">{label}</Button></Actions>
            </Form>
        }
    });
    let tone = if good > 0 { Tone::Info } else { Tone::Warning };
    let again = change(slug, preview, "Change the list", back);
    view! {
        <Card id="preview" title="Preview">
            <Banner tone=tone><p>{summary}</p></Banner>
            {rows}
            {send}
        </Card>
        {again}
    }
    .into_any()
}

fn done(slug: &str, outcome: &Invitations, back: &str) -> AnyView {
    let refused = outcome.count(Fate::Refused);
    let summary = format!(
        "{} invited, {} there already, {} not. {}",
        were(outcome.count(Fate::Invite)),
        were(outcome.count(Fate::Member)),
        ui::plural(refused, "line"),
        seats_text(outcome.seats)
    );
    let rows = rows(outcome, true);
    let tone = if refused == 0 { Tone::Success } else { Tone::Warning };
    let again = (refused > 0).then(|| change(slug, outcome, "What is left", back));
    let all = back.to_owned();
    view! {
        <Card id="outcome" title="What became of the list">
            <Banner tone=tone><p>{summary}</p></Banner>
            {rows}
            <Actions><LinkButton href=all kind=Kind::Primary>"All people"</LinkButton></Actions>
        </Card>
        {again}
    }
    .into_any()
}

fn are(people: i64) -> String {
    if people == 1 { "1 is".to_owned() } else { format!("{} are", ui::grouped(people)) }
}

fn were(people: i64) -> String {
    if people == 1 { "1 person was".to_owned() } else { format!("{} people were", ui::grouped(people)) }
}

/// The list again, to be changed and looked at once more.
fn change(slug: &str, list: &Invitations, title: &'static str, back: &str) -> AnyView {
    let (slug, text, back) = (slug.to_owned(), list.text.clone(), back.to_owned());
    let state = FormState::default();
    let max = u32::try_from(LIST_BYTES).unwrap_or(u32::MAX);
    view! {
        <Card id="change" title=title>
            <Form to="preview_invitations" state=state.clone()>
                <Hidden name="slug" value=slug/>
                <TextArea state=&state name="people" label="People" initial=text mono=true rows=8 max=max help=list_help()/>
                <Actions>
                    <Button>"Show preview"</Button>
                    <LinkButton href=back kind=Kind::Quiet>"Cancel"</LinkButton>
                </Actions>
            </Form>
        </Card>
    }
    .into_any()
}

/// What becomes, or became, of each line.
fn rows(list: &Invitations, done: bool) -> AnyView {
    let rows = list.lines.iter().map(|line| row(line, done)).collect_view();
    view! {
        <DataTable id="lines" caption="Lines of the list" cards=true small=true head=view! {
            <Th num=true>"Line"</Th><Th>"Name"</Th><Th>"E-mail"</Th><Th>"Role"</Th><Th>"Outcome"</Th>
        }.into_any()>{rows}</DataTable>
    }
    .into_any()
}

fn row(line: &Judged, done: bool) -> AnyView {
    let (tone, icon, word) = match (line.fate, done) {
        (Fate::Invite, true) => (Tone::Success, "mail", "Invited"),
        (Fate::Invite, false) => (Tone::Success, "mail", Fate::Invite.label()),
        (Fate::Member, _) => (Tone::Neutral, "users", Fate::Member.label()),
        (Fate::Refused, _) => (Tone::Danger, "alert-triangle", Fate::Refused.label()),
    };
    let name = or_none(line.name.clone());
    let email = or_none(line.email.clone());
    let role = line.role.map_or("—", Role::label);
    let why = (!line.why.is_empty()).then(|| view! { <p>{line.why.clone()}</p> });
    let marked = (line.fate == Fate::Refused).then_some("danger");
    view! {
        <tr data-tone=marked>
            <td class="u-num" data-label="Line">{line.line}</td>
            <th scope="row">{name}</th>
            <td data-label="E-mail"><span class="u-break">{email}</span></td>
            <td data-label="Role">{role}</td>
            <td data-label="Outcome"><Badge tone=tone icon=icon>{word}</Badge>{why}</td>
        </tr>
    }
    .into_any()
}

fn or_none(text: String) -> String {
    if text.is_empty() { "—".to_owned() } else { text }
}
