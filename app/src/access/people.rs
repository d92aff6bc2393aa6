//! The platform's people, for owners: who may sign in and as what, invitations, the end of their access.

use super::api::{get_person, get_platform_people};
use crate::paths;
use crate::ui::{
    self, Actions, Badge, Button, Card, Choice, Cols, ConfirmPage, Consequence, DataTable, FieldWidth, Form,
    Grid, Hidden, Kind, Load, MaybeWhen, PageHeader, Props, RadioCards, ShownOnce, Stack, Tag, TextArea,
    TextField, Th, Tier, Tone, When, form_state, plural,
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::access::{Invitation, Person, Standing};
use model::permission::Role;

const PLATFORM: [(Role, &str); 4] = [
    (Role::Owner, "Everything, and who else may sign in"),
    (Role::Operator, "Runs the life of tenants"),
    (Role::Success, "Reads the fleet and its health, works on checklists"),
    (Role::Auditor, "Reads everything, changes nothing"),
];

fn roles() -> Vec<Choice> {
    PLATFORM.iter().map(|(role, note)| Choice::new(role.as_str(), role.label()).note(*note)).collect()
}

#[component]
pub fn PeoplePage() -> impl IntoView {
    view! {
        <Title text="Users"/>
        <Load read=get_platform_people view=|people| list(people)/>
    }
}

fn list(people: Vec<Person>) -> AnyView {
    let made = ui::form_answer::<Invitation>("invite_person");
    // Right after an invitation there is one thing to do: to pass the link on.
    let form = made.is_none().then(invite_form);
    let count = people.iter().filter(|person| person.standing != Standing::Closed).count();
    let count = plural(i64::try_from(count).unwrap_or(i64::MAX), "person").replace("persons", "people");
    let rows = people.into_iter().map(row).collect_view();
    view! {
        <PageHeader title="Users" lead="The people of the platform. Those of a tenant stand in its own section." meta=vec![count.into_any()]/>
        {made.map(invited)}
        <DataTable id="people" caption="People of the platform" cards=true head=view! {
            <Th>"Name"</Th><Th>"Role"</Th><Th>"State"</Th><Th>"Last seen"</Th><Th num=true>"Open sessions"</Th><Th>"Since"</Th>
        }.into_any()>{rows}</DataTable>
        {form}
    }
    .into_any()
}

fn row(person: Person) -> AnyView {
    let href = paths::user(&person.id.to_string());
    let me = person.me.then(|| view! { " "<Tag>"You"</Tag> });
    view! {
        <tr>
            <th scope="row"><a class="c-table__link" href=href>{person.name}</a>{me}<span class="c-table__sub">{person.email}</span></th>
            <td data-label="Role">{person.role.label()}</td>
            <td data-label="State">{standing(person.standing)}</td>
            <td data-label="Last seen"><MaybeWhen at=person.last_seen_at never="never"/></td>
            <td data-label="Open sessions" class="u-num">{ui::grouped(person.sessions)}</td>
            <td data-label="Since"><When at=person.created_at/></td>
        </tr>
    }
    .into_any()
}

fn standing(standing: Standing) -> AnyView {
    let (tone, icon) = match standing {
        Standing::Active => (Tone::Success, "status-active"),
        Standing::Invited => (Tone::Info, "mail"),
        Standing::Closed => (Tone::Neutral, "ban"),
    };
    view! { <Badge tone icon>{standing.label()}</Badge> }.into_any()
}

fn invite_form() -> AnyView {
    let state = form_state("invite_person");
    view! {
        <Card id="invite" title="Invite somebody">
            <Form to="invite_person" state=&state>
                <TextField state=&state name="name" label="Name" width=FieldWidth::Md max=120/>
                <TextField state=&state name="email" label="E-mail" kind="email" width=FieldWidth::Md/>
                <RadioCards state=&state name="role" label="Role" choices=roles() initial=Role::Auditor.as_str() cols=2/>
                <Actions><Button kind=Kind::Primary>"Make invitation"</Button></Actions>
            </Form>
        </Card>
    }
    .into_any()
}

fn invited(made: Invitation) -> AnyView {
    let title = format!("{} is invited. Pass this link on now.", made.name);
    view! {
        <ShownOnce id="made-title" title value=made.link label="Copy the link">
            {format!("It is shown this once and kept nowhere. Whoever opens it within {} days chooses the password of {}.", made.days, made.email)}
        </ShownOnce>
    }
    .into_any()
}

#[component]
pub fn PersonPage() -> impl IntoView {
    let id = ui::param("id");
    view! { <Load read=move || get_person(id.clone()) view=|person| one(&person)/> }
}

fn one(person: &Person) -> AnyView {
    let made = ui::form_answer::<Invitation>("renew_person_link");
    let facts = vec![
        ("E-mail", person.email.clone().into_any()),
        ("Role", person.role.label().into_any()),
        ("State", standing(person.standing)),
        ("Last seen", view! { <MaybeWhen at=person.last_seen_at never="never"/> }.into_any()),
        ("Since", view! { <When at=person.created_at/> }.into_any()),
    ];
    let (role, close) = changes(person);
    let (sessions, link) = (sessions(person), link(person));
    let name = person.name.clone();
    let you = person.me.then(|| view! { <Tag>"You"</Tag> });
    view! {
        <Title text=name.clone()/>
        <PageHeader title=name badges=you.into_any()/>
        {made.map(invited)}
        <Grid cols=Cols::Aside>
            <Stack>{role}{close}</Stack>
            <Stack>
                <Card id="person" title="Account"><Props items=facts/></Card>
                {sessions}
                {link}
            </Stack>
        </Grid>
    }
    .into_any()
}

/// Role and end of the account, or why they cannot be changed.
fn changes(person: &Person) -> (AnyView, Option<AnyView>) {
    let (change, close) = (form_state("set_person_role"), form_state("close_person"));
    if person.me || person.standing == Standing::Closed {
        let why = if person.me {
            "This is your own account: another owner changes its role or closes it."
        } else {
            "This account is closed. A new one needs another address."
        };
        let none = view! {
            <ui::SummaryOf state=&change/><ui::SummaryOf state=&close/>
            <ui::Empty kind=ui::EmptyKind::Denied icon="lock" title="Nothing to change here" text=why/>
        };
        return (none.into_any(), None);
    }
    let id = person.id.to_string();
    let (user, now) = (id.clone(), person.role.as_str());
    let role = view! {
        <Card id="role" title="Role">
            <Form to="set_person_role" state=&change>
                <Hidden name="user" value=user/>
                <RadioCards state=&change name="role" label="Role" choices=roles() initial=now cols=2/>
                <TextArea state=&change name="reason" label="Reason" rows=2 max=500 help="Stands in the audit log."/>
                <Actions><Button kind=Kind::Primary>"Change role"</Button></Actions>
            </Form>
        </Card>
    };
    let consequences = vec![
        Consequence::new(
            Tone::Danger,
            "ban",
            "Nobody can sign in with it any more, and it cannot be opened again.",
        ),
        Consequence::new(
            Tone::Danger,
            "log-out",
            format!("{} end at once.", plural(person.sessions, "open session")),
        ),
        Consequence::new(Tone::Neutral, "history", "What they did stays in the audit log under their name."),
    ];
    let close = view! {
        <ConfirmPage to="close_person" state=&close tier=Tier::Serious consequences title="Close the account" button="Close account"
            back=paths::USERS hidden=vec![("user", id)]/>
    };
    (role.into_any(), Some(close.into_any()))
}

fn sessions(person: &Person) -> AnyView {
    let state = form_state("end_person_sessions");
    let id = person.id.to_string();
    let form = (person.sessions > 0 && !person.me).then(|| {
        view! {
            <Form to="end_person_sessions" state=&state>
                <Hidden name="user" value=id/>
                <Button icon="log-out">"End all sessions"</Button>
            </Form>
        }
    });
    let own = person.me.then(|| view! { <p><a href=paths::SESSIONS>"Your sessions"</a></p> });
    let open = match person.sessions {
        0 => "None is open.".to_owned(),
        n => format!("{} open.", plural(n, "session")),
    };
    view! {
        <Card id="sessions" title="Sessions">
            <p>{open}</p>
            {form}{own}
        </Card>
    }
    .into_any()
}

fn link(person: &Person) -> Option<AnyView> {
    let state = form_state("renew_person_link");
    let id = person.id.to_string();
    (person.standing == Standing::Invited).then(|| {
        view! {
            <Card id="link" title="Invitation">
                <p>"They have not chosen a password yet."</p>
                <Form to="renew_person_link" state=&state>
                    <Hidden name="user" value=id/>
                    <Button icon="refresh-cw">"Make another link"</Button>
                </Form>
                <p class="u-muted">"The link before it ends."</p>
            </Card>
        }
        .into_any()
    })
}
