//! The rules about a second person: which operations wait for one, and the form that changes one rule.

use super::rules_api::get_approval_rules;
use super::{Tab, tabs};
use crate::paths;
use crate::ui::{
    Actions, Banner, Button, Card, CheckboxGroup, Choice, DataTable, Form, Hidden, Kind, LinkButton, Load,
    PageHeader, Props, RadioCards, Section, Size, Stack, TextArea, Th, Tone, When, form_state, grouped,
    param, status,
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::approvals::{ApprovalRule, ApprovalRules, DEDICATED, Whom};
use model::operations::Kind as What;
use model::tenants::PlanId;

/// `/settings/approvals`
#[component]
pub fn ApprovalRulesPage() -> impl IntoView {
    view! { <Title text="Approval rules · Settings"/> <Load read=get_approval_rules view=|rules| list(&rules)/> }
}

/// `/settings/approvals/{kind}`
#[component]
pub fn ApprovalRulePage() -> impl IntoView {
    view! { <Load read=get_approval_rules view=|rules| find(&rules)/> }
}

fn list(rules: &ApprovalRules) -> AnyView {
    let rows = rules.rules.iter().map(|rule| row(rule, with(rule, rules), rules.may_change)).collect_view();
    let head = view! { <Th>"Operation"</Th><Th>"Waits for a second person"</Th><Th>"Since"</Th><Th num=true>"Waiting now"</Th><Th hidden=true>"Actions"</Th> }
        .into_any();
    let who = (!rules.may_change)
        .then(|| view! { <p class="u-muted">"Owners change these rules: nobody takes away the rule that binds them."</p> });
    view! {
        <PageHeader title="Approval rules" lead="Which operations begin only after somebody else has approved them, never whoever asked."/>
        {tabs(Tab::Approvals)}
        <DataTable id="approvals" caption="Approval rules" head cards=true>{rows}</DataTable>
        {who}
        <p><a href=waiting_all()>"Everything that waits for approval"</a></p>
    }
    .into_any()
}

fn waiting_all() -> String {
    format!("{}?state=requested", paths::OPERATIONS)
}

fn effect(kind: What) -> &'static str {
    match kind {
        What::Provision => "Makes a tenant.",
        What::Suspend => {
            "Takes writing, or all access, from a tenant. Suspensions by rule wait as well, and so do changes of a suspension’s scope."
        }
        What::ChangeScope => {
            "Takes reading as well from a suspended tenant, or gives it back. Waits wherever a suspension does, and where its own rule says so."
        }
        What::Reinstate => "Gives a suspended tenant its access back.",
        What::ChangePlan => "Moves a tenant to other limits, now or on a day. Of plans, both count.",
        What::ConvertTrial => "Makes a customer of a trial: no day ends it any more.",
        What::ApplyTemplate => {
            "Puts a tenant on a version of a template. Each tenant of a roll-out waits by itself, and the next wave for all of them."
        }
        What::Bulk => "Works on many tenants at once. Each part follows the rule of its own kind as well.",
        _ => "",
    }
}

/// What another rule adds to this one: `By the rule for suspend: Always`.
fn with(rule: &ApprovalRule, rules: &ApprovalRules) -> Option<String> {
    if rule.kind == What::ChangePlan && rule.whom != Whom::Everybody {
        return Some("Always where a tenant’s own admins ask for it".to_owned());
    }
    let other = rule.kind.waits_with()?;
    let other = rules.rules.iter().find(|rule| rule.kind == other && rule.whom != Whom::Nobody)?;
    Some(format!("By the rule for {}: {}", other.kind.label().to_lowercase(), other.words()))
}

fn row(rule: &ApprovalRule, with: Option<String>, may: bool) -> AnyView {
    let kind = rule.kind;
    let href = paths::approval_rule(kind);
    let word = if may { "Change" } else { "Show" };
    let label = format!("{word} the rule for {}", kind.label().to_lowercase());
    let since = match (rule.changed_at, rule.changed_by.clone()) {
        (Some(at), Some(by)) => view! { <When at/><span class="c-table__sub">{by}</span> }.into_any(),
        _ => view! { <span class="u-muted">"Built in"</span> }.into_any(),
    };
    let waiting = if rule.waiting > 0 {
        let href = format!("{}&kind={}", waiting_all(), kind.as_str());
        view! { <a href=href>{grouped(rule.waiting)}</a> }.into_any()
    } else {
        "0".into_any()
    };
    view! {
        <tr>
            <th scope="row"><a class="c-table__link" href=href.clone()>{kind.label()}</a><span class="c-table__sub">{effect(kind)}</span></th>
            <td data-label="Waits for a second person"><strong>{rule.words()}</strong>{with.map(|with| view! { <span class="c-table__sub">{with}</span> })}</td>
            <td data-label="Since">{since}</td>
            <td data-label="Waiting now" class="u-num">{waiting}</td>
            <td class="c-table__actions"><LinkButton href size=Size::Small label>{word}</LinkButton></td>
        </tr>
    }
    .into_any()
}

fn find(rules: &ApprovalRules) -> AnyView {
    let kind = param("kind").parse::<What>().ok();
    match rules.rules.iter().find(|rule| Some(rule.kind) == kind) {
        Some(rule) => detail(rule, with(rule, rules), rules.may_change),
        None => {
            status(404);
            view! { <crate::error::ErrorView error=crate::error::AppError::NotFound/> }.into_any()
        }
    }
}

fn detail(rule: &ApprovalRule, with: Option<String>, may: bool) -> AnyView {
    let kind = rule.kind;
    let mut facts = vec![("Waits for a second person", view! { <strong>{rule.words()}</strong> }.into_any())];
    if let Some(with) = with {
        facts.push(("As well", with.into_any()));
    }
    if let (Some(by), Some(at), Some(reason)) =
        (rule.changed_by.clone(), rule.changed_at, rule.reason.clone())
    {
        facts.push(("Set by", view! { {by}", "<When at full=true/>": "<q>{reason}</q> }.into_any()));
    }
    facts.push(("Waiting now", grouped(rule.waiting).into_any()));
    let change = if may {
        change(rule)
    } else {
        view! { <Banner tone=Tone::Info quiet=true><p>"Only owners change these rules."</p></Banner> }
            .into_any()
    };
    view! {
        <Title text=format!("{} · Approval rules", kind.label())/>
        <PageHeader title=format!("Approval of: {}", kind.label()) lead=effect(kind)/>
        <Stack gap=6>
            <Card id="rule-now" title="Now"><Props items=facts/></Card>
            {change}
        </Stack>
    }
    .into_any()
}

fn change(rule: &ApprovalRule) -> AnyView {
    let state = form_state("set_approval_rule");
    let whom = vec![
        Choice::new(Whom::Nobody.as_str(), Whom::Nobody.label()).note("It begins at once."),
        Choice::new(Whom::Some.as_str(), Whom::Some.label()).note("For those ticked below."),
        Choice::new(Whom::Everybody.as_str(), Whom::Everybody.label()).note("Somebody else approves each."),
    ];
    let mut some = vec![Choice::new(DEDICATED, "Tenants with a schema of their own")];
    some.extend(
        PlanId::ALL.iter().map(|plan| Choice::new(plan.as_str(), format!("Tenants on {}", plan.label()))),
    );
    let mut checked: Vec<String> = rule.plans.iter().map(|plan| plan.as_str().to_owned()).collect();
    if rule.dedicated {
        checked.push(DEDICATED.to_owned());
    }
    let (kind, now, initial) = (rule.kind, rule.version.to_string(), rule.whom.as_str());
    let version = if state.failed() && !state.is_conflict() { state.value("version", &now) } else { now };
    let urgent = (kind == What::Suspend).then(|| {
        view! { <Banner tone=Tone::Warning quiet=true><p>"A suspension after a security incident waits as well. Make sure that a second person can be reached."</p></Banner> }
    });
    view! {
        <Section id="rule-change" title="Change">
            <Form to="set_approval_rule" state=&state>
                <Hidden name="kind" value=kind.as_str()/>
                <Hidden name="version" value=version/>
                {urgent}
                <RadioCards state=&state name="whom" label="Waits for a second person" choices=whom initial cols=3/>
                <CheckboxGroup state=&state name="some" label="For which tenants" choices=some checked help="Counts only where “For some tenants” is chosen."/>
                <TextArea state=&state name="reason" label="Reason" rows=2 max=1_000 help="Stands in the audit log of the platform. What waits already goes on waiting."/>
                <Actions>
                    <Button kind=Kind::Primary>"Save rule"</Button>
                    <LinkButton href=paths::APPROVALS kind=Kind::Quiet>"Cancel"</LinkButton>
                </Actions>
            </Form>
        </Section>
    }
    .into_any()
}
