//! Tables, tracks, scores, meters, charts, diffs: the parts that show data.

use super::item;
use crate::paths;
use crate::ui::*;
use leptos::prelude::*;
use model::page::Total;
use model::tenants::{PlanId, Stage, Status};

pub fn all() -> Vec<AnyView> {
    vec![
        item("g-head", "Page header", header()),
        item("g-kpi", "KPI cards", kpis()),
        item("g-table", "List: views, filters, table, pages", table()),
        item("g-zero", "Table without rows", zero()),
        item("g-track", "Stage track", tracks()),
        item("g-score", "Score", scores()),
        item("g-meter", "Quota row", meters()),
        item("g-chart", "Chart figure", charts()),
        item("g-card", "Card, definition list", cards()),
        item("g-diff", "Diff", diffs()),
        item("g-steps", "Steps, timeline", steps()),
        item("g-time", "Times", times()),
    ]
}

fn header() -> AnyView {
    let badges = view! { <StatusBadge status=Status::Active/><PlanTag plan=PlanId::Enterprise/><Badge tone=Tone::Danger icon="lock" outline=true>"Legal hold"</Badge> }.into_any();
    let actions = view! {
        <LinkButton href="#g-head">"Change plan…"</LinkButton>
        <LinkButton href="#g-head" kind=Kind::Primary>"Continue onboarding"</LinkButton>
        <Menu label="More"><MenuLink href="#g-head">"Open audit"</MenuLink></Menu>
    }
    .into_any();
    let meta = vec![
        view! { <code>"acme-holdings"</code> }.into_any(),
        "eu-1".into_any(),
        view! { "Created "<When at={now() - chrono::TimeDelta::days(300)}/> }.into_any(),
    ];
    let notes = vec![StageNote {
        stage: Stage::Validate,
        note: "3 of 5 checks".into(),
        href: Some("#g-head".into()),
    }];
    view! {
        <PageHeader title="Acme Holdings" badges=badges actions=actions meta=meta lead="One optional sentence.">
            <Score score=Some(72) change=Some(-8)/>
            <Stages stage=Stage::Validate status=Status::Active notes/>
        </PageHeader>
    }
    .into_any()
}

fn kpis() -> AnyView {
    view! {
        <Kpis>
            <KpiCard label="Tenants" href=paths::TENANTS value=grouped(104_218) note=view! { <Delta change=418 text="in 30 days"/> }.into_any() spark=view! { <Spark values=vec![1.0, 2.0, 2.5, 2.0, 4.0, 5.0]/> }.into_any()/>
            <KpiCard label="At risk" href=paths::HEALTH value=grouped(1_904) note=view! { <Delta change=61 text="in 30 days" good_up=false/> }.into_any() tone=Tone::Warning/>
            <KpiCard label="Unchanged" value="7" note=view! { <Delta change=0/> }.into_any()/>
            <KpiCard label="Nothing measured" value=""/>
            <KpiCard label="Over quota" value="" failed=true/>
        </Kpis>
    }
    .into_any()
}

fn table() -> AnyView {
    let head = view! {
        <SortHeader key="name" label="Tenant" sort="name" path=paths::GALLERY/>
        <Th>"Status"</Th>
        <Th>"Stage"</Th>
        <SortHeader key="health" label="Health" sort="name" path=paths::GALLERY/>
        <Th num=true>"Users"</Th>
        <Th hidden=true>"Actions"</Th>
    }
    .into_any();
    let rows = [
        ("Acme Holdings", "acme-holdings", Status::Active, Stage::Operate, Some(48)),
        ("Fundação Hermínio Ometto", "fho", Status::Suspended, Stage::Validate, Some(81)),
        ("東京大学", "tokyo", Status::Failed, Stage::Provision, None),
    ];
    let rows = rows.map(|(name, slug, status, stage, score)| {
        view! {
            <tr>
                <th scope="row"><a class="c-table__link" href="#g-table">{name}</a><span class="c-table__sub"><code>{slug}</code></span></th>
                <td data-label="Status"><StatusBadge status/></td>
                <td data-label="Stage"><StageTrack stage status/></td>
                <td data-label="Health"><ScoreInline score change=Some(-12)/></td>
                <td data-label="Users" class="u-num">"84"</td>
                <td class="c-table__actions"><Menu label=format!("Actions for {name}")><MenuLink href="#g-table">"Open"</MenuLink></Menu></td>
            </tr>
        }
    });
    let statuses: Vec<Choice> =
        Status::ALL.iter().map(|status| Choice::new(status.as_str(), status.label()).note("12")).collect();
    let chips = vec![
        Chip { label: "Status: active".into(), href: "#g-table".into() },
        Chip { label: "Plan: enterprise".into(), href: "#g-table".into() },
    ];
    view! {
        <ViewsNav items=vec![NavItem::new("#g-table", "All", true), NavItem::new("#g-table", "At risk", false).count(grouped(1_904)), NavItem::new("#g-table", "Mine", false).count(41)]/>
        <FilterBar label="Tenants" path=paths::GALLERY placeholder="Name, slug, domain or id" keep=&["sort"]>
            <FilterGroup name="status" label="Status" choices=statuses/>
        </FilterBar>
        <Chips chips clear=paths::GALLERY result="1 284 match, sorted by name"/>
        <DataTable id="g-rows" caption="Example tenants" head cards=true>{rows}</DataTable>
        <Pagination path=paths::GALLERY shown=3 total=Total::About(104_000) next=Some("x".into()) what="tenants" sizes=vec![25, 50, 100] size=50/>
    }
    .into_any()
}

fn zero() -> AnyView {
    view! {
        <DataTable id="g-none" caption="No tenants" head=view! { <Th>"Tenant"</Th><Th>"Status"</Th> }.into_any()>
            <ZeroRow columns=2 what="No tenants match" clear=paths::GALLERY><p>"3 match without Region: us-2."</p></ZeroRow>
        </DataTable>
    }
    .into_any()
}

fn tracks() -> AnyView {
    let cases = [
        (Stage::Provision, Status::Provisioning),
        (Stage::Provision, Status::Failed),
        (Stage::Validate, Status::Trial),
        (Stage::Operate, Status::Active),
        (Stage::Operate, Status::Suspended),
        (Stage::Offboard, Status::Offboarding),
        (Stage::Offboard, Status::Deleted),
    ];
    view! {
        <Stack>
            <Row gap=6>{cases.map(|(stage, status)| view! { <StageTrack stage status/> })}</Row>
            {cases.map(|(stage, status)| view! { <Stages stage status/> })}
        </Stack>
    }
    .into_any()
}

fn scores() -> AnyView {
    view! {
        <Row gap=6>
            {[(Some(91), Some(3)), (Some(72), Some(-8)), (Some(48), Some(0)), (Some(12), None), (None, None)].map(|(score, change)| view! { <Score score change/> })}
        </Row>
        <Row gap=6>
            {[(Some(91), Some(3)), (Some(72), Some(-8)), (Some(48), None), (Some(12), Some(-30)), (None, None)].map(|(score, change)| view! { <ScoreInline score change/> })}
        </Row>
    }
    .into_any()
}

fn meters() -> AnyView {
    view! {
        <Grid cols=Cols::Two>
            <QuotaRow id="g-q1" label="Users" used=Some(42) soft=Some(85) hard=Some(100)/>
            <QuotaRow id="g-q2" label="API calls" used=Some(84) soft=Some(90) hard=Some(100) near=80 note="forecast 12 Dec"/>
            <QuotaRow id="g-q3" label="Conversations" used=Some(9_200) soft=Some(8_500) hard=Some(10_000)/>
            <QuotaRow id="g-q4" label="Storage" used=Some(12_000_000_000) soft=Some(8_500_000_000) hard=Some(10_000_000_000) number=bytes/>
            <QuotaRow id="g-q5" label="Projects" used=Some(17)/>
            <QuotaRow id="g-q6" label="AI runs" used=None hard=Some(1_000)/>
        </Grid>
    }
    .into_any()
}

fn charts() -> AnyView {
    // Drawn by hand here: the real ones come from the domain's charts.
    const SVG: &str = r#"<svg class="c-chart__svg" data-size="wide" role="img" aria-labelledby="g-c1-t" aria-describedby="g-c1-s" viewBox="0 0 640 240"><title id="g-c1-t">Health score</title><polyline points="0,60 160,80 320,70 480,140 640,120" fill="none" stroke="var(--chart-1)" stroke-width="2"/></svg>"#;
    let rows = || {
        vec![
            vec!["Sep".to_owned(), "81".to_owned()],
            vec!["Oct".to_owned(), "78".to_owned()],
            vec!["Nov".to_owned(), "72".to_owned()],
        ]
    };
    let columns = || vec!["Month".to_owned(), "Score".to_owned()];
    view! {
        <Grid cols=Cols::Three>
            <Figure id="g-c1" title="Health score, last 90 days" summary="Fell from 81 to 72. As of 06:00 UTC." svg=SVG columns=columns() rows=rows() csv="?format=csv" legend=vec![("1", "This tenant".to_owned()), ("2", "Median".to_owned())]/>
            <Figure id="g-c2" title="Nothing yet" summary="Scores appear after 14 days." svg="" columns=columns() rows=Vec::new()/>
            <Figure id="g-c3" title="Failed" summary="The feed is late since 11:40." svg="" columns=columns() rows=Vec::new() failed=true/>
        </Grid>
    }
    .into_any()
}

fn cards() -> AnyView {
    let facts = || {
        vec![
            ("Region", "eu-1".into_any()),
            ("Plan", view! { <PlanTag plan=PlanId::Starter/> }.into_any()),
            ("Owner", "—".into_any()),
        ]
    };
    view! {
        <Grid cols=Cols::Two>
            <Card id="g-card-1" title="Key facts" aside=view! { <a href="#g-card">"Edit"</a> }.into_any()><Props items=facts()/></Card>
            <Card id="g-card-2" title="Overridden" tone=Tone::Override foot=view! { <a href="#g-card">"Compare"</a> }.into_any()><Props items=facts() two_columns=true/></Card>
        </Grid>
    }
    .into_any()
}

fn diffs() -> AnyView {
    let row = |name: &str, state, before: &str, after: &str| DiffRow {
        name: name.into(),
        state,
        before: before.into(),
        after: after.into(),
        changed: Some(("M. Ito".into(), now() - chrono::TimeDelta::days(3))),
    };
    let rows = vec![
        row("Model", DiffState::Overridden, "large", "small"),
        row("Prompt", DiffState::Moved, "Write three sentences.", "Write two sentences."),
        row("Channels", DiffState::Redundant, "voice", "voice"),
        row("Retention", DiffState::Locked, "90 days", "90 days"),
        row("Language", DiffState::Inherited, "en", "en"),
    ];
    view! {
        <DiffTable caption="Comparison" before="Global default v7" after="This tenant" rows/>
        <ProseDiff before_title="Global default v7" after_title="This tenant" before="Write three short sentences about the call." after="Write two sentences about the call, in English."/>
    }
    .into_any()
}

fn steps() -> AnyView {
    let step = |state, title: &str, meta: &str| Step {
        state,
        title: title.into(),
        note: "Schema and row security".into(),
        meta: meta.into(),
    };
    let items = vec![
        step(StepState::Done, "Create record", "0.2 s"),
        step(StepState::Running, "Isolate data", "1.4 s"),
        step(StepState::Waiting, "Approval", ""),
        step(StepState::Queued, "Welcome mail", ""),
        step(StepState::Failed, "Smoke check", "3.0 s"),
        step(StepState::Undone, "Default configuration", ""),
        step(StepState::Skipped, "Migration", ""),
    ];
    let at = now();
    let event = move |tone, hours| {
        TimelineItem { at: at - chrono::TimeDelta::hours(hours), tone, body: view! { <p><strong>"M. Ito"</strong>" suspended "<a href="#g-steps">"Acme"</a></p><p class="c-timeline__note"><code>"tenant.suspend"</code>" Reason: payment failure"</p> }.into_any() }
    };
    view! {
        <Grid cols=Cols::Two>
            <Steps items/>
            <Timeline items=vec![event(Tone::Danger, 1), event(Tone::Success, 30), event(Tone::Neutral, 400)]/>
        </Grid>
    }
    .into_any()
}

fn times() -> AnyView {
    let at = |hours| now() + chrono::TimeDelta::hours(hours);
    view! {
        <Stack>
            <Row gap=6>{[0, -2, -30, -100, -400, -9_000, 3, 60].map(|hours| view! { <When at=at(hours)/> })}</Row>
            <Row><When at=at(0) full=true/><MaybeWhen at=None/></Row>
            <Countdown until=at(24 * 12) what="Deletion not before"/>
            <Countdown until=at(30) what="Deletion not before"/>
            <Countdown until=at(-1) what="Deletion not before"/>
        </Stack>
    }
    .into_any()
}
