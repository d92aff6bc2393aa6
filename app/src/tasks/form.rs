//! Overriding a task: per part the global default or the tenant's own, the default beside it, one reason.

use super::card::provenance;
use super::detail::{OneTask, refusal, task_head};
use crate::paths;
use crate::ui::{
    Actions, Banner, Button, Choice, FieldSet, FieldWidth, Form, FormState, Hidden, Icon, Kind, LinkButton,
    RadioCards, SummaryOf, TextArea, TextField, Tone, Typed, When, form_state,
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::tasks::{Channel, Filters, MAX_PROMPT, Override, Part, Setting, TaskDetail};
use model::tenants::Tenant;

#[component]
pub fn TaskOverridePage() -> impl IntoView {
    view! { <OneTask page=page/> }
}

fn page(tenant: &Tenant, detail: &TaskDetail) -> AnyView {
    let body = match refusal(&detail.abilities.change) {
        Some(refused) => {
            // Whoever had begun when it became impossible still has what was written.
            let state = form_state("override_task");
            view! {
                {refused}
                <SummaryOf state=&state/>
                <Typed state=&state fields=&[("prompt", "Own prompt"), ("languages", "Languages"), ("reason", "Reason")]/>
            }
            .into_any()
        }
        None => form(tenant, detail),
    };
    view! {
        <Title text=format!("Edit {} · {}", detail.item.task.name, tenant.name)/>
        {task_head(tenant, detail, false)}
        {body}
    }
    .into_any()
}

fn form(tenant: &Tenant, detail: &TaskDetail) -> AnyView {
    let item = &detail.item;
    let state = form_state("override_task");
    let version = item.overriding.as_ref().map_or(0, |o| o.version);
    // The form carries the newest version: who saw what was saved in the meantime may replace it.
    let stale = state.sent("version").is_some_and(|sent| sent != version.to_string());
    let meantime = stale.then(|| saved_in_the_meantime(item.overriding.as_ref()));
    let back = paths::task(&tenant.slug, &item.task.key, "");
    let mode = |part: Part| {
        if item.overriding.as_ref().is_some_and(|o| o.has(part)) { "override" } else { "inherit" }
    };
    let hidden = [
        ("slug", tenant.slug.clone()),
        ("key", item.task.key.clone()),
        ("version", version.to_string()),
        ("base", item.published.version.to_string()),
    ];
    let hidden = hidden.map(|(name, value)| view! { <Hidden name value/> }).collect_view();
    let global = format!("Global default v{}", item.published.version);
    let prompt = view! {
        {provenance(&item.effective, Part::Prompt)}
        <div class="l-grid" data-cols="2">
            <div class="u-stack">
                {modes(&state, "prompt_mode", mode(Part::Prompt), item.published.version)}
                <TextArea state=&state name="prompt" label="Own prompt" mono=true rows=18 max=MAX_PROMPT
                    help="Used only with “Override”. Up to 20 000 characters." initial=item.effective.prompt.clone()/>
            </div>
            <div class="u-stack">
                <h3>{global.clone()}</h3>
                <pre class="c-code" tabindex="0" aria-label="Prompt of the global default"><code>{item.published.prompt.clone()}</code></pre>
            </div>
        </div>
    }
    .into_any();
    let filters = view! {
        {provenance(&item.effective, Part::Filters)}
        <div class="l-grid" data-cols="2">
            <div class="u-stack">
                {modes(&state, "filters_mode", mode(Part::Filters), item.published.version)}
                {filters(&state, &item.effective.filters)}
            </div>
            <div class="u-stack">
                <h3>{global}</h3>
                {filters_list(&item.published.filters)}
            </div>
        </div>
    }
    .into_any();
    let reason = view! {
        <TextArea state=&state name="reason" label="Reason" max=1_000 rows=3
            help="Why this tenant differs. Shown on the task and in the audit log."/>
    }
    .into_any();
    view! {
        <Form to="override_task" state=&state>
            {hidden}
            {meantime}
            <FieldSet legend="Prompt">{prompt}</FieldSet>
            <FieldSet legend="Filters">{filters}</FieldSet>
            {reason}
            <Actions>
                <Button kind=Kind::Primary>"Save"</Button>
                <LinkButton href=back kind=Kind::Quiet>"Discard"</LinkButton>
            </Actions>
        </Form>
    }
    .into_any()
}

fn modes(state: &FormState, name: &'static str, initial: &'static str, version: i32) -> AnyView {
    let choices = vec![
        Choice::new("inherit", "Use the global default").note(format!("v{version}, and each later one")),
        Choice::new("override", "Override").note("What is entered below, until it is reverted"),
    ];
    view! { <RadioCards state name label="This tenant uses" choices initial cols=2/> }.into_any()
}

fn filters(state: &FormState, now: &Filters) -> AnyView {
    let boxes = [
        ("channel_voice", Channel::Voice),
        ("channel_chat", Channel::Chat),
        ("channel_email", Channel::Email),
    ];
    let boxes = boxes.map(|(name, channel)| {
        let initial = now.channels.is_empty() || now.channels.contains(&channel);
        let checked = if state.failed() { state.sent(name).is_some() } else { initial };
        view! { <label class="c-choice"><input type="checkbox" name=name value="true" checked=checked/><span>{channel.label()}</span></label> }
    });
    let error = state.error("channels");
    let described = error.as_ref().map(|_| "f-channels-error");
    let least = |n: u32| if n == 0 { String::new() } else { n.to_string() };
    view! {
        <fieldset class="c-choices" id="f-channels" tabindex="-1" data-inline=true aria-describedby=described>
            <legend class="c-field__label">"Channels"</legend>
            {boxes.collect_view()}
            {error.map(|error| view! { <p class="c-field__error" id="f-channels-error"><Icon name="alert-triangle"/>{error}</p> })}
        </fieldset>
        <TextField state name="languages" label="Languages" optional=true width=FieldWidth::Md initial=now.languages.join(", ")
            help="Codes like en or pt-br, with commas. Empty: all. A code takes in its variants: en also en-gb."/>
        <TextField state name="min_turns" label="Least turns" optional=true kind="number" width=FieldWidth::Xs initial=least(now.min_turns)
            help="Shorter conversations are skipped. Empty: no minimum."/>
        <TextField state name="min_chars" label="Least characters" optional=true kind="number" width=FieldWidth::Sm initial=least(now.min_chars)
            help="All turns together. Empty: no minimum."/>
    }
    .into_any()
}

pub(super) fn filters_list(filters: &Filters) -> AnyView {
    let rows = [Setting::Channels, Setting::Languages, Setting::MinTurns, Setting::MinChars]
        .map(|setting| view! { <div><dt>{setting.label()}</dt><dd>{filters.describe(setting)}</dd></div> });
    view! { <dl class="c-props">{rows.collect_view()}</dl> }.into_any()
}

/// What somebody else saved while this form was open; nothing was overwritten yet.
fn saved_in_the_meantime(now: Option<&Override>) -> AnyView {
    let body = match now {
        None => view! { <p>"The override has been reverted. Saving makes it anew."</p> }.into_any(),
        Some(o) => view! {
            <p><strong>{format!("{} saved this in the meantime, ", o.author)}</strong><When at=o.updated_at/>": "<q>{o.reason.clone()}</q></p>
            {o.prompt.clone().map(|prompt| view! { <details class="c-disclosure" open><summary>"Their prompt"</summary><pre class="c-code"><code>{prompt}</code></pre></details> })}
            {o.filters.as_ref().map(|filters| view! { <p>{format!("Their filters: {}", filters.summary())}</p> })}
            <p>"What you entered is still in the form. Saving again replaces theirs."</p>
        }
        .into_any(),
    };
    view! { <Banner tone=Tone::Warning>{body}</Banner> }.into_any()
}
