//! The lifecycle rules (R78, R87): which suspensions nobody has to ask for, and the form that changes one rule.

use super::rules_api::get_lifecycle_rules;
use super::{Tab, tabs};
use crate::paths;
use crate::ui::{
    Actions, Banner, Button, Card, Choice, DataTable, FieldWidth, Form, Hidden, Kind, LinkButton, Load,
    PageHeader, Props, RadioCards, Section, Size, Stack, TextArea, TextField, Th, Tone, When, form_state,
    grouped, param, status,
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::rules::{DUE_MAX, LifecycleRule, LifecycleRules, RuleKind};
use model::settings::Key;
use model::tenants::Suspension;

/// `/settings/rules`
#[component]
pub fn LifecycleRulesPage() -> impl IntoView {
    view! { <Title text="Lifecycle rules · Settings"/> <Load read=get_lifecycle_rules view=|rules| list(&rules)/> }
}

/// `/settings/rules/{kind}`
#[component]
pub fn LifecycleRulePage() -> impl IntoView {
    view! { <Load read=get_lifecycle_rules view=|rules| find(&rules)/> }
}

fn list(rules: &LifecycleRules) -> AnyView {
    let rows = rules.rules.iter().map(|rule| row(rule, rules.may_change)).collect_view();
    let head = view! { <Th>"Rule"</Th><Th>"Suspension"</Th><Th>"Since"</Th><Th num=true>"Due now"</Th><Th hidden=true>"Actions"</Th> }
        .into_any();
    let who = (!rules.may_change)
        .then(|| view! { <p class="u-muted">"Operators and owners change these rules."</p> });
    view! {
        <PageHeader title="Lifecycle rules" lead="Suspensions that nobody has to ask for. Each is an ordinary suspension: in the operations, in the audit log, and it waits for a second person where the approval rules say so."/>
        {tabs(Tab::Rules)}
        <DataTable id="rules" caption="Lifecycle rules" head cards=true>{rows}</DataTable>
        {who}
    }
    .into_any()
}

/// Where the days of a rule stand that has none of its own.
fn setting(rule: &LifecycleRule) -> Option<AnyView> {
    let href = paths::platform_setting(Key::InactivityDays);
    (!rule.kind.has_days()).then(|| view! { <a href=href>"Setting: inactive after"</a> }.into_any())
}

fn due(rule: &LifecycleRule) -> String {
    match rule.due {
        None => "Not counted".to_owned(),
        Some(due) if due >= DUE_MAX => format!("{} or more", grouped(DUE_MAX)),
        Some(due) => grouped(due),
    }
}

fn row(rule: &LifecycleRule, may: bool) -> AnyView {
    let kind = rule.kind;
    let href = paths::lifecycle_rule(kind);
    let word = if may { "Change" } else { "Show" };
    let label = format!("{word} the rule: {}", kind.label());
    let since = match (rule.changed_at, rule.changed_by.clone()) {
        (Some(at), Some(by)) => view! { <When at/><span class="c-table__sub">{by}</span> }.into_any(),
        _ => view! { <span class="u-muted">"Built in"</span> }.into_any(),
    };
    let setting = setting(rule).map(|link| view! { <span class="c-table__sub">{link}</span> });
    view! {
        <tr>
            <th scope="row"><a class="c-table__link" href=href.clone()>{kind.label()}</a><span class="c-table__sub">{kind.help()}</span></th>
            <td data-label="Suspension"><strong>{rule.words()}</strong>{setting}</td>
            <td data-label="Since">{since}</td>
            <td data-label="Due now" class="u-num">{due(rule)}</td>
            <td class="c-table__actions"><LinkButton href size=Size::Small label>{word}</LinkButton></td>
        </tr>
    }
    .into_any()
}

fn find(rules: &LifecycleRules) -> AnyView {
    let kind = param("kind").parse::<RuleKind>().ok();
    match rules.rules.iter().find(|rule| Some(rule.kind) == kind) {
        Some(rule) => detail(rule, rules.may_change),
        None => {
            status(404);
            view! { <crate::error::ErrorView error=crate::error::AppError::NotFound/> }.into_any()
        }
    }
}

fn detail(rule: &LifecycleRule, may: bool) -> AnyView {
    let kind = rule.kind;
    let mut facts = vec![("Suspension", view! { <strong>{rule.words()}</strong> }.into_any())];
    if let Some(link) = setting(rule) {
        facts.push(("Days", link));
    }
    if let (Some(by), Some(at), Some(reason)) =
        (rule.changed_by.clone(), rule.changed_at, rule.reason.clone())
    {
        facts.push(("Set by", view! { {by}", "<When at full=true/>": "<q>{reason}</q> }.into_any()));
    }
    facts.push(("Tenants due now", due(rule).into_any()));
    let change = if may {
        change(rule)
    } else {
        view! { <Banner tone=Tone::Info quiet=true><p>"Only operators and owners change these rules."</p></Banner> }
            .into_any()
    };
    view! {
        <Title text=format!("{} · Lifecycle rules", kind.label())/>
        <PageHeader title=format!("Lifecycle rule: {}", kind.label()) lead=kind.help()/>
        <Stack gap=6>
            <Card id="rule-now" title="Now"><Props items=facts/></Card>
            {change}
        </Stack>
    }
    .into_any()
}

fn change(rule: &LifecycleRule) -> AnyView {
    let state = form_state("set_lifecycle_rule");
    let kind = rule.kind;
    let switch = vec![
        Choice::new("on", "On").note("Who is due is suspended with the next round."),
        Choice::new("off", "Off").note("Nothing happens by itself."),
    ];
    let enabled = if rule.enabled { "on" } else { "off" };
    let days = kind.has_days().then(|| {
        let (label, help) = match kind {
            RuleKind::TrialEnded => ("Days after the end of the trial", "0: as soon as it has ended."),
            _ => ("Days after the payment failed", "0: as soon as it is noted."),
        };
        let initial = rule.days.to_string();
        view! { <TextField state=&state name="days" label kind="number" suffix="days" initial help width=FieldWidth::Sm/> }
    });
    let scopes = vec![
        Choice::new(Suspension::ReadOnly.as_str(), Suspension::ReadOnly.label())
            .note("Its people and API keys can still read. Nothing can be written or taken in."),
        Choice::new(Suspension::Blocked.as_str(), Suspension::Blocked.label())
            .note("Its people see nothing of it any more; its API keys are refused."),
    ];
    let scope = rule.scope.as_str();
    let now = rule.version.to_string();
    let version = if state.failed() && !state.is_conflict() { state.value("version", &now) } else { now };
    view! {
        <Section id="rule-change" title="Change">
            <Form to="set_lifecycle_rule" state=&state>
                <Hidden name="kind" value=kind.as_str()/>
                <Hidden name="version" value=version/>
                <Banner tone=Tone::Warning quiet=true><p>"It holds at once, also for what has been due for long: fewer days, or On, may suspend many tenants within a minute."</p></Banner>
                <RadioCards state=&state name="enabled" label="The rule" choices=switch initial=enabled cols=2/>
                {days}
                <RadioCards state=&state name="scope" label="How far it goes" choices=scopes initial=scope cols=2/>
                <TextArea state=&state name="reason" label="Reason" rows=2 max=1_000 help="Stands in the audit log of the platform. Who is suspended already stays so."/>
                <Actions>
                    <Button kind=Kind::Primary>"Save rule"</Button>
                    <LinkButton href=paths::RULES kind=Kind::Quiet>"Cancel"</LinkButton>
                </Actions>
            </Form>
        </Section>
    }
    .into_any()
}
