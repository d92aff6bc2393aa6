//! Rolling a version out (R32): the plan with its waves, then how each wave and each tenant fares, and how to steer it.
//! The plan's state is the address, so that it can be shared before anything is begun.

use super::api::{get_rollout, get_rollout_plan, get_template};
use super::key_here;
use crate::paths;
use crate::ui::{
    Actions, Badge, Banner, Button, ConfirmPage, Consequence, DataTable, Empty, EmptyKind, Form, Hidden,
    Kind, LinkButton, Load, PageHeader, Props, Query, Section, Stack, TextField, Th, Tier, Tone, When,
    form_state, param, plural,
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::page::grouped;
use model::templates::{
    Rollout, RolloutPlan, RolloutState, TYPED_FROM, TemplateDetail, TenantOutcome, VersionState, Whom,
};

/// The fields of the plan, as they stand in the address and in the form that begins it.
const FIELDS: [&str; 10] =
    ["version", "whom", "listed", "pilots", "share", "hours", "failed", "drop", "tasks", "drift"];

#[component]
pub fn RollOutPage() -> impl IntoView {
    let key = key_here();
    view! { <Load read=move || get_template(key.clone()) view=|detail| choose(&detail)/> }
}

fn choose(detail: &TemplateDetail) -> AnyView {
    let template = &detail.template;
    let title = format!("Roll out {}", template.name);
    let header = view! {
        <Title text=title.clone()/>
        <PageHeader title lead="Pilots first, then a share, then the rest. Each tenant is an operation of its own: what it decided itself stays."/>
    };
    if !detail.may_apply {
        crate::ui::status(403);
        let back = paths::template(&template.key, "");
        return view! {
            {header}
            <Empty kind=EmptyKind::Denied icon="ban" title="Only operators roll templates out" text="Your role reads them.">
                <LinkButton href=back>"Back to the template"</LinkButton>
            </Empty>
        }
        .into_any();
    }
    let versions: Vec<_> =
        detail.versions.iter().filter(|v| v.state == VersionState::Published).map(|v| v.version).collect();
    if versions.is_empty() {
        return view! { {header} <Empty icon="layers" title="Nothing is published" text="Publish a version first."/> }.into_any();
    }
    let here = Query::here();
    let planned = here.get("whom").is_some_and(|whom| !whom.is_empty());
    let plan = planned.then(|| {
        let (key, query) = (template.key.clone(), model::url::encode(&here.0));
        let back = template.key.clone();
        view! { <Load read=move || get_rollout_plan(key.clone(), query.clone()) view=move |plan| planned_view(&back, &plan)/> }
    });
    let form = plan_form(&template.key, &versions, &here);
    view! { {header}<Stack gap=6>{form}{plan}</Stack> }.into_any()
}

fn plan_form(key: &str, versions: &[i32], here: &Query) -> AnyView {
    let get = |name: &str| here.get(name).unwrap_or_default().to_owned();
    let chosen = get("version");
    let options = versions.iter().map(|version| {
        let word = version.to_string();
        view! { <option value=word.clone() selected=word == chosen>{format!("Version {version}")}</option> }
    });
    let options = options.collect_view();
    let whom = if get("whom").is_empty() { Whom::Behind.as_str().to_owned() } else { get("whom") };
    let cards = Whom::ALL.iter().map(|word| {
        let checked = word.as_str() == whom;
        view! { <label class="c-choice"><input type="radio" name="whom" value=word.as_str() checked=checked/><span>{word.label()}</span></label> }
    });
    let cards = cards.collect_view();
    let drift = get("drift") == "true";
    let text = |name: &'static str, label: &'static str, help: &'static str| {
        let (id, help_id) = (format!("f-{name}"), format!("f-{name}-help"));
        view! {
            <div class="c-field">
                <label class="c-field__label" for=id.clone()>{label}" "<span class="c-field__optional">"(optional)"</span></label>
                <p class="c-field__help" id=help_id.clone()>{help}</p>
                <input class="c-input" id=id name=name value=get(name) aria-describedby=help_id autocomplete="off" spellcheck="false" data-mono="true"/>
            </div>
        }
    };
    let number = |name: &'static str, label: &'static str, unit: &'static str, help: &'static str| {
        let (id, help_id) = (format!("f-{name}"), format!("f-{name}-help"));
        view! {
            <div class="c-field" data-width="sm">
                <label class="c-field__label" for=id.clone()>{label}" "<span class="c-field__optional">"(optional)"</span></label>
                <p class="c-field__help" id=help_id.clone()>{help}</p>
                <div class="c-input-group"><input class="c-input" type="number" id=id name=name value=get(name) aria-describedby=help_id/><span class="c-input-group__affix">{unit}</span></div>
            </div>
        }
    };
    view! {
        <form class="c-form" method="get" action=paths::template(key, "roll-out")>
            <div class="c-field" data-width="sm">
                <label class="c-field__label" for="f-version">"Version"</label>
                <select class="c-select" id="f-version" name="version">{options}</select>
            </div>
            <fieldset class="c-choices"><legend class="c-field__label">"Whom it reaches"</legend>{cards}</fieldset>
            {text("listed", "Tenants", "Their slugs, for “the tenants listed below”.")}
            {text("pilots", "Pilots", "Slugs of those who go first.")}
            {number("share", "Share of the others that goes second", "%", "Empty: all of them at once.")}
            {number("hours", "The next wave begins by itself after", "hours", "Only if all criteria are met. Empty: a person begins it.")}
            {number("failed", "It pauses where more of a wave fails than", "%", "Empty: it does not pause, and a single failure keeps the next wave waiting.")}
            {number("drop", "It pauses where the health of a wave’s tenants falls by more than", "points", "The mean of their scores, against the day before the wave. Empty: not looked at.")}
            {number("tasks", "It pauses where task success falls by more than", "percentage points", "Runs of the wave’s tenants since they have the version, against the week before the wave. Empty: not looked at.")}
            <label class="c-choice"><input type="checkbox" name="drift" value="true" checked=drift/><span>"The next wave waits while a tenant of this one differs from the template"</span></label>
            <Actions><Button>"Preview"</Button></Actions>
        </form>
    }
    .into_any()
}

fn planned_view(key: &str, plan: &RolloutPlan) -> AnyView {
    let skipped = (!plan.skipped.is_empty()).then(|| {
        let items = plan
            .skipped
            .iter()
            .map(|(slug, why)| view! { <li><code>{slug.clone()}</code>": "{why.clone()}</li> })
            .collect_view();
        let summary = format!("{} not reached", plural(plan.skipped.len() as i64, "tenant"));
        view! { <details class="c-disclosure" open><summary>{summary}</summary><ul>{items}</ul></details> }
    });
    if plan.total == 0 {
        return view! { <Section id="plan-h" title="Preview"><Empty icon="layers" title="Nobody is reached" text="Choose others, or there is nothing left to do."/>{skipped}</Section> }.into_any();
    }
    let rows = plan.tenants.iter().map(|(slug, name, wave)| {
        view! { <tr><th scope="row"><a class="c-table__link" href=paths::tenant(slug, "baseline")>{name.clone()}</a><span class="c-table__sub"><code>{slug.clone()}</code></span></th><td data-label="Wave">{format!("Wave {wave}")}</td></tr> }
    });
    let rows = rows.collect_view();
    let shown = plan.tenants.len() as i64;
    let more = (plan.total > shown).then(|| view! { <p class="u-muted">{format!("The first {} of {}.", grouped(shown), grouped(plan.total))}</p> });
    let waves =
        plan.waves.iter().enumerate().map(|(at, n)| format!("wave {}: {}", at + 1, plural(*n, "tenant")));
    let mut consequences = vec![
        Consequence::new(
            Tone::Override,
            "layers",
            format!(
                "{} on {}, version {}.",
                if plan.total == 1 {
                    "1 tenant will be".to_owned()
                } else {
                    format!("{} tenants will be", grouped(plan.total))
                },
                plan.template,
                plan.version
            ),
        ),
        Consequence::new(
            Tone::Info,
            "send",
            format!(
                "In {}: {}.",
                plural(plan.waves.len() as i64, "wave"),
                waves.collect::<Vec<_>>().join(", ")
            ),
        ),
        Consequence::new(
            Tone::Neutral,
            "hand",
            format!(
                "{} that these tenants made themselves, on settings and tasks, stay as they are.",
                plural(plan.kept, "decision")
            ),
        ),
    ];
    if plan.approvals > 0 {
        let text = format!(
            "{} for a second person: each begins when somebody else has approved its operation, and so does the next wave.",
            if plan.approvals == 1 {
                "1 tenant waits".to_owned()
            } else {
                format!("{} tenants wait", grouped(plan.approvals))
            }
        );
        consequences.push(Consequence::new(Tone::Warning, "hand", text));
    }
    let state = form_state("start_rollout");
    let here = Query::here();
    let mut hidden = vec![("key", key.to_owned())];
    hidden.extend(FIELDS.map(|name| (name, here.get(name).unwrap_or_default().to_owned())));
    let typed = (plan.total > TYPED_FROM).then(|| {
        let label = format!("Type {} to confirm", plan.total);
        view! { <TextField state=&state name="confirm" label mono=true/> }
    });
    let (button, back) = (format!("Roll out to {}", plural(plan.total, "tenant")), paths::template(key, ""));
    let head = view! { <Th>"Tenant"</Th><Th>"Wave"</Th> }.into_any();
    view! {
        <Section id="plan-h" title="Preview">
            <DataTable id="plan" caption="Tenants that are reached" head cards=true>{rows}</DataTable>
            {more}
            {skipped}
        </Section>
        <ConfirmPage to="start_rollout" state=&state tier=Tier::Serious consequences button back hidden>{typed}</ConfirmPage>
    }
    .into_any()
}

#[component]
pub fn RolloutPage() -> impl IntoView {
    let id = param("id");
    view! { <Load read=move || get_rollout(id.clone()) view=|rollout| page(&rollout)/> }
}

pub(super) fn state_badge(state: RolloutState) -> AnyView {
    let (tone, icon) = match state {
        RolloutState::Running => (Tone::Info, "play"),
        RolloutState::Paused => (Tone::Warning, "pause"),
        RolloutState::Done => (Tone::Success, "check-circle"),
        RolloutState::Cancelled => (Tone::Neutral, "ban"),
    };
    view! { <Badge tone icon>{state.label()}</Badge> }.into_any()
}

const fn outcome_look(outcome: TenantOutcome) -> (Tone, &'static str) {
    match outcome {
        TenantOutcome::Failed => (Tone::Danger, "octagon-x"),
        TenantOutcome::Approval => (Tone::Warning, "hand"),
        TenantOutcome::Running => (Tone::Info, "hourglass"),
        TenantOutcome::Waiting => (Tone::Neutral, "clock"),
        TenantOutcome::Applied => (Tone::Success, "check-circle"),
        TenantOutcome::Rejected => (Tone::Neutral, "slash"),
        TenantOutcome::Skipped => (Tone::Neutral, "ban"),
    }
}

fn page(rollout: &Rollout) -> AnyView {
    let title = format!("Roll-out of {}, version {}", rollout.to.name, rollout.to.version);
    let (by, at) = (rollout.by.clone(), rollout.at);
    let meta = vec![
        view! { "Begun "<When at full=true/>{format!(" by {by}")} }.into_any(),
        view! { <q>{rollout.reason.clone()}</q> }.into_any(),
    ];
    let refresh = (rollout.state == RolloutState::Running).then(|| {
        let href = paths::rollout(&rollout.to.key, &rollout.id.to_string());
        view! { <LinkButton href icon="refresh-cw">"Refresh"</LinkButton> }
    });
    let criteria = super::graduation::criteria(rollout);
    let failed = (rollout.failed() > 0).then(|| {
        let text = format!(
            "{} failed. Retry its operation{}.",
            plural(rollout.failed(), "tenant"),
            if rollout.rules.failed.is_none() { "; no wave begins by itself until then" } else { "" }
        );
        view! { <Banner tone=Tone::Warning quiet=true><p>{text}</p></Banner> }
    });
    let approvals = (rollout.approvals() > 0).then(|| {
        let (one, n) = (rollout.approvals() == 1, grouped(rollout.approvals()));
        let text = if one { "1 tenant waits for a second person. ".to_owned() } else { format!("{n} tenants wait for a second person. ") };
        let href = format!("{}?state=requested&kind={}", paths::OPERATIONS, model::operations::Kind::ApplyTemplate.as_str());
        view! { <Banner tone=Tone::Info quiet=true><p>{text}<a href=href>"What waits for approval"</a></p></Banner> }
    });
    let (waves, tenants, steer) = (waves(rollout), tenants(rollout), steer(rollout));
    view! {
        <Title text=title.clone()/>
        <PageHeader title badges=state_badge(rollout.state) actions=refresh.into_any() meta/>
        <Stack gap=6>
            {failed}
            {approvals}
            <Section id="waves-h" title="Waves">{waves}</Section>
            {criteria}
            {steer}
            <Section id="rollout-tenants-h" title="Tenants">{tenants}</Section>
        </Stack>
    }
    .into_any()
}

fn waves(rollout: &Rollout) -> AnyView {
    let rows = rollout.waves.iter().map(|wave| {
        let word = match (wave.wave == rollout.wave, wave.wave < rollout.wave) {
            (true, _) => "the current one",
            (_, true) => "begun before",
            _ => "waits",
        };
        view! {
            <tr>
                <th scope="row">{format!("Wave {}", wave.wave)}<span class="c-table__sub">{word}</span></th>
                <td data-label="Tenants" class="u-num">{grouped(wave.tenants)}</td>
                <td data-label="Applied" class="u-num">{grouped(wave.applied)}</td>
                <td data-label="Failed" class="u-num">{grouped(wave.failed)}</td>
                <td data-label="Left out" class="u-num">{grouped(wave.left_out)}</td>
                <td data-label="Under way" class="u-num">{grouped(wave.running)}</td>
                <td data-label="Waiting" class="u-num">{grouped(wave.waiting)}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    let head = view! { <Th>"Wave"</Th><Th num=true>"Tenants"</Th><Th num=true>"Applied"</Th><Th num=true>"Failed"</Th><Th num=true>"Left out"</Th><Th num=true>"Under way"</Th><Th num=true>"Waiting"</Th> }.into_any();
    view! { <DataTable id="waves" caption="Waves of the roll-out" head cards=true>{rows}</DataTable> }
        .into_any()
}

fn tenants(rollout: &Rollout) -> AnyView {
    let rows = rollout.tenants.iter().map(|tenant| {
        let (tone, icon) = outcome_look(tenant.outcome);
        let word = tenant.outcome.label();
        let badge = view! { <Badge tone icon>{word}</Badge> };
        let outcome = match tenant.operation.filter(|_| tenant.outcome == TenantOutcome::Approval) {
            Some(id) => view! { <a href=paths::operation(id)>{badge}</a> }.into_any(),
            None => badge.into_any(),
        };
        let error = tenant.error.clone().map(|error| view! { <span class="c-table__sub">{error}</span> });
        let retry = (tenant.outcome == TenantOutcome::Failed && rollout.may_steer).then_some(tenant.operation).flatten().map(|id| {
            let state = form_state("retry_operation");
            let label = format!("Retry {}", tenant.name);
            view! { <Form to="retry_operation" state=&state class="u-inline"><Hidden name="id" value=id.to_string()/><Button size=crate::ui::Size::Small label>"Retry"</Button></Form> }
        });
        view! {
            <tr>
                <th scope="row"><a class="c-table__link" href=paths::tenant(&tenant.slug, "baseline")>{tenant.name.clone()}</a><span class="c-table__sub"><code>{tenant.slug.clone()}</code></span></th>
                <td data-label="Wave" class="u-num">{tenant.wave}</td>
                <td data-label="Outcome">{outcome}{error}</td>
                <td data-label="Actions">{retry}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    let shown = rollout.tenants.len() as i64;
    let more = (rollout.total() > shown).then(|| view! { <p class="u-muted">{format!("The first {} of {}, failures first.", grouped(shown), grouped(rollout.total()))}</p> });
    let head =
        view! { <Th>"Tenant"</Th><Th num=true>"Wave"</Th><Th>"Outcome"</Th><Th hidden=true>"Actions"</Th> }
            .into_any();
    view! { <DataTable id="rollout-tenants" caption="Tenants of the roll-out" head cards=true>{rows}</DataTable>{more} }.into_any()
}

/// What can be done to it now. Each is a form of its own, so that it works without a script.
fn steer(rollout: &Rollout) -> Option<AnyView> {
    let open = matches!(rollout.state, RolloutState::Running | RolloutState::Paused);
    if !rollout.may_steer || !open {
        return None;
    }
    let by_itself = rollout.hours.map(|hours| {
        format!(
            "It begins by itself {} after this one, if all criteria are met.",
            plural(hours.into(), "hour")
        )
    });
    let since = rollout.wave_since;
    let facts = vec![
        ("Current wave", view! { {rollout.wave}", since "<When at=since full=true/> }.into_any()),
        ("Next wave", by_itself.unwrap_or_else(|| "A person begins it.".to_owned()).into_any()),
    ];
    let advance = match rollout.waits_for() {
        None => form(
            rollout,
            "advance_rollout",
            "Begin the next wave",
            Kind::Primary,
            "reason",
            "Reason for going on",
        ),
        Some(why) => {
            view! { <p class="u-muted">{format!("The next wave cannot begin now: {why}")}</p> }.into_any()
        }
    };
    let hold = if rollout.state == RolloutState::Running {
        form(rollout, "pause_rollout", "Pause", Kind::Default, "hold", "Reason for pausing")
    } else {
        form(rollout, "resume_rollout", "Resume", Kind::Primary, "hold", "Reason for resuming")
    };
    let cancel = form(rollout, "cancel_rollout", "Call off", Kind::Danger, "why", "Reason for calling off");
    Some(view! { <Section id="steer-h" title="Steer"><Props items=facts/><Stack gap=4>{advance}{hold}{cancel}</Stack></Section> }.into_any())
}

fn form(
    rollout: &Rollout,
    to: &'static str,
    button: &'static str,
    kind: Kind,
    name: &'static str,
    label: &'static str,
) -> AnyView {
    let state = form_state(to);
    let id = rollout.id.to_string();
    let optional = to == "advance_rollout";
    view! {
        <Form to state=&state>
            <Hidden name="id" value=id/>
            <TextField state=&state name label max=1_000 optional/>
            <Actions><Button kind>{button}</Button></Actions>
        </Form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {

    #[test]
    fn a_plan_is_its_address() {
        let input = model::templates::RolloutInput::of_query(
            "version=2&whom=listed&listed=acme%20beta&pilots=acme&share=10&hours=&x=y",
        );
        assert_eq!(
            (input.version.as_str(), input.listed.as_str(), input.share.as_str()),
            ("2", "acme beta", "10")
        );
        assert!(input.validate(false).is_ok());
    }
}
