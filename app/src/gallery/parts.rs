//! Buttons, badges, fields, messages: the parts that hold no data.

use super::item;
use crate::error::{AppError, ErrorView};
use crate::ui::*;
use leptos::prelude::*;
use model::tenants::{Band, PlanId, Status, Suspension};

pub fn all() -> Vec<AnyView> {
    vec![
        item("g-button", "Button", buttons()),
        item("g-menu", "Menu", menus()),
        item("g-badge", "Badge, tag, count", badges()),
        item("g-icon", "Icon", icons()),
        item("g-field", "Field", fields(FormState::default(), "g1")),
        item("g-field-error", "Field with errors", fields(failed(), "g2")),
        item("g-banner", "Banner", banners()),
        item("g-empty", "Empty states", empties()),
        item("g-confirm", "Confirm", confirm()),
        item("g-error", "Error pages", errors()),
    ]
}

fn buttons() -> AnyView {
    let kinds = [
        (Kind::Primary, "Primary"),
        (Kind::Default, "Default"),
        (Kind::Quiet, "Quiet"),
        (Kind::Danger, "Danger"),
        (Kind::DangerQuiet, "Danger quiet"),
        (Kind::Link, "Link"),
    ];
    view! {
        <Stack>
            {[Size::Small, Size::Medium, Size::Large].map(|size| view! {
                <Row>{kinds.map(|(kind, text)| view! { <Button kind size>{text}</Button> })}</Row>
            })}
            <Row>
                <LinkButton href="#g-button" icon="download">"Export"</LinkButton>
                <LinkButton href="#g-button" icon="x" label="Close" kind=Kind::Quiet/>
                <button class="c-button" data-kind="primary" aria-disabled="true" aria-busy="true">"Saving…"</button>
                <Copy value="acme-holdings" label="Copy slug"/>
            </Row>
            <Row><DisabledButton id="g-why" reason="Legal hold since 3 Nov" icon="trash">"Purge…"</DisabledButton></Row>
            <Actions><Button kind=Kind::Primary>"Save changes"</Button><LinkButton href="#g-button" kind=Kind::Quiet>"Cancel"</LinkButton></Actions>
        </Stack>
    }
    .into_any()
}

fn menus() -> AnyView {
    view! {
        <Row>
            <Menu label="More actions" heading="Acme Holdings" end=false>
                <MenuLink href="#g-menu" icon="history">"Open audit"</MenuLink>
                <MenuLink href="#g-menu" current=true>"Current choice"</MenuLink>
                <MenuForm to="gallery_none" icon="copy">"An item that posts"</MenuForm>
                <MenuDisabled reason="Legal hold">"Purge…"</MenuDisabled>
                <MenuRule/>
                <MenuLink href="#g-menu" tone=Tone::Danger>"Start offboarding…"</MenuLink>
            </Menu>
        </Row>
    }
    .into_any()
}

fn badges() -> AnyView {
    let until = now() + chrono::TimeDelta::days(9);
    view! {
        <Stack>
            <Row>
                {Status::ALL.iter().map(|&status| {
                    let until = matches!(status, Status::Trial | Status::Offboarding | Status::Deleted).then_some(until);
                    let reason = (status == Status::Suspended).then(|| "payment_failure".to_owned());
                    view! { <StatusBadge status reason suspension=Some(Suspension::ReadOnly) until/> }
                }).collect_view()}
                <Badge tone=Tone::Danger icon="lock" outline=true>"Legal hold"</Badge>
                <Badge tone=Tone::Warning icon="alert-triangle">"Over quota"</Badge>
            </Row>
            <Row>{Band::ALL.iter().map(|&band| view! { <BandBadge band/> }).collect_view()}</Row>
            <Row>{Tone::ALL.map(|tone| view! { <Badge tone>{tone.as_str()}</Badge> })}</Row>
            <Row>
                {PlanId::ALL.iter().map(|&plan| view! { <PlanTag plan/> }).collect_view()}
                <Tag href="#g-badge">"vip"</Tag>
                <Tag tone=Tone::Warning icon="alert-triangle">"Default changed"</Tag>
                <OverriddenTag count=2 href="#g-badge"/>
                <Count>"1 904"</Count>
                <Count tone=Tone::Override>"6"</Count>
            </Row>
            <Row>
                {[Origin::Platform, Origin::Plan, Origin::Template, Origin::Parent, Origin::Tenant, Origin::Locked].map(|origin| view! { <Provenance origin/> })}
            </Row>
        </Stack>
    }
    .into_any()
}

fn icons() -> AnyView {
    const SOME: &[&str] = &[
        "search",
        "menu",
        "x",
        "check",
        "check-circle",
        "alert-triangle",
        "octagon-x",
        "pause",
        "play",
        "clock",
        "hourglass",
        "archive",
        "lock",
        "shield-check",
        "plus",
        "minus",
        "building",
        "users",
        "key",
        "gauge",
        "heart-pulse",
        "list-checks",
        "activity",
        "settings",
        "sparkles",
        "diamond",
        "undo",
        "trash",
        "history",
        "bell",
        "status-provisioning",
        "status-configuring",
        "status-active",
        "status-suspended",
        "status-offboarding",
        "band-healthy",
        "band-watch",
        "band-risk",
        "band-critical",
        "band-none",
    ];
    view! {
        <Stack>
            <Row>{SOME.iter().map(|name| view! { <Icon name/> }).collect_view()}</Row>
            <Row>{[Size::Small, Size::Medium, Size::Large, Size::ExtraLarge].map(|size| view! { <Icon name="flask" size/> })}</Row>
        </Stack>
    }
    .into_any()
}

/// A form that was sent back, as the server's form layer makes it.
fn failed() -> FormState {
    let mut errors = model::validate::FieldErrors::one("name", "A name is needed.");
    for field in ["slug", "note", "region", "template", "channels", "agree"] {
        errors.add(field, "This is not right yet.");
    }
    FormState::rejected(
        vec![("note".into(), "Kept </textarea> as typed".into()), ("channels".into(), "voice".into())],
        AppError::Invalid(errors),
    )
}

/// `form` keeps the ids of the two copies on this page apart for those who look at it with a checker.
fn fields(state: FormState, form: &'static str) -> AnyView {
    let names: [&'static str; 9] = if form == "g1" {
        ["a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9"]
    } else {
        ["name", "slug", "note", "region", "template", "channels", "agree", "limit", "inner"]
    };
    let [name, slug, note, region, template, channels, agree, limit, inner] = names;
    let regions = vec![Choice::new("eu-1", "Europe 1"), Choice::new("us-2", "United States 2")];
    let templates = vec![
        Choice::new("standard", "Standard").note("12 fields, 8 tasks, all disabled"),
        Choice::new("university", "University").note("18 fields, 9 tasks, all disabled"),
    ];
    let kinds = vec![
        Choice::new("voice", "Voice").note("12 480 runs"),
        Choice::new("text", "Text"),
        Choice::new("mail", "E-mail"),
    ];
    view! {
        <form class="c-form" novalidate>
            <SummaryOf state=&state/>
            <TextField state=&state name=name label="Name" help="Shown to your users." initial="Acme Holdings"/>
            <TextField state=&state name=slug label="Slug" mono=true width=FieldWidth::Md prefix="/tenants/" initial="acme-holdings"/>
            <TextField state=&state name=limit label="Soft limit" kind="number" width=FieldWidth::Sm suffix="users" initial="85" optional=true/>
            <TextArea state=&state name=note label="Note" optional=true initial="Two\nlines"/>
            <SelectField state=&state name=region label="Region" choices=regions initial="eu-1" width=FieldWidth::Md/>
            <RadioCards state=&state name=template label="Template" choices=templates initial="standard" cols=2/>
            <CheckboxGroup state=&state name=channels label="Channels" choices=kinds checked=vec!["text".into()] inline=true/>
            <Checkbox state=&state name=agree label="I have read the consequences"/>
            <FieldSet legend="A part of a form" help="With a word on what it is for."><TextField state=FormState::default() name=inner label="Read-only" readonly=true initial="cannot be changed"/></FieldSet>
        </form>
        <p><span id=format!("{form}-sw")>"Conversation summarisation "</span></p>
        <Switch to="gallery_none" on=true named_by=format!("{form}-sw")/>
        <Switch to="gallery_none" on=false named_by=format!("{form}-sw")/>
    }
    .into_any()
}

fn banners() -> AnyView {
    view! {
        <Stack>
            {[Tone::Info, Tone::Success, Tone::Warning, Tone::Orange, Tone::Danger].map(|tone| {
                let undo = view! { <Button size=Size::Small>"Undo"</Button> }.into_any();
                view! { <Banner tone actions=undo quiet=true><p><strong>"Task enabled."</strong>" It runs on new conversations."</p></Banner> }
            })}
            <Banner tone=Tone::Warning icon="status-suspended" strip=true quiet=true><p><strong>"Suspended, read-only"</strong>": payment failure, since 12 Nov."</p></Banner>
        </Stack>
    }
    .into_any()
}

fn empties() -> AnyView {
    view! {
        <Grid cols=Cols::Two>
            <Empty icon="layers" title="No tasks are on" text="Enable one from 9 available."><LinkButton href="#g-empty">"See disabled tasks"</LinkButton></Empty>
            <Empty kind=EmptyKind::Zero icon="search" title="No tenants match" text="3 match without Region: us-2."/>
            <Empty kind=EmptyKind::Failed icon="alert-triangle" title="Usage could not be read" text="The other parts of this page are complete."/>
            <Empty kind=EmptyKind::Denied icon="lock" title="Not allowed" text="A platform owner can grant it."/>
        </Grid>
    }
    .into_any()
}

fn confirm() -> AnyView {
    let consequences = || {
        vec![
            Consequence::new(Tone::Danger, "ban", "Sign-in is refused for 84 users at once."),
            Consequence::new(Tone::Neutral, "archive", "Data is kept for 30 days."),
        ]
    };
    view! {
        <Grid cols=Cols::Two>
            // The one in between, Serious, asks for a reason as the last one does: two fields of one id.
            <ConfirmPage to="gallery_none" state=FormState::default() tier=Tier::Review consequences=consequences() button="Publish version 3" back="#g-confirm"/>
            <ConfirmPage to="gallery_none" state=FormState::default() tier=Tier::Irreversible("acme-holdings".into()) consequences=consequences() button="Start offboarding" back="#g-confirm"/>
        </Grid>
    }
    .into_any()
}

fn errors() -> AnyView {
    view! {
        <Grid cols=Cols::Two>
            {[AppError::NotFound, AppError::Forbidden("suspend tenants".into()), AppError::Conflict("M. Ito changed it two minutes ago.".into()), AppError::Internal("0193e4b2".into())]
                .map(|error| view! { <ErrorView error/> })}
        </Grid>
    }
    .into_any()
}
