use super::*;
use crate::limits::LimitSource;
use crate::settings::Value;
use crate::templates::{BundleTask, PinnedList};
use crate::usage::Limit;

pub(in crate::templates) fn bundle() -> Bundle {
    Bundle {
        plan: Some(PlanId::Starter),
        quotas: [(LimitMeter::Users, Limit::Number(30))].into(),
        fields: vec!["csat".into(), "summary".into()],
        tasks: vec![
            BundleTask { key: "summary".into(), enabled: true },
            BundleTask { key: "csat".into(), enabled: false },
        ],
        settings: vec![
            BundleSetting { key: Key::SessionIdle, value: Value::Number(15), locked: true },
            BundleSetting { key: Key::AiMaxTokens, value: Value::Number(500), locked: false },
        ],
        checklists: vec![PinnedList { key: ListKey::Onboarding, version: 1 }],
    }
}

pub(in crate::templates) fn bare() -> Actual {
    Actual {
        plan: PlanId::Starter,
        limits: vec![users_line(20, LimitSource::Plan)],
        fields: vec![],
        tasks: vec![],
        said: vec![],
        checklists: vec![],
    }
}

pub(in crate::templates) fn users_line(n: i64, source: LimitSource) -> Effective {
    let (limit, plan) = (Limit::Number(n), Limit::Number(20));
    let below = if source == LimitSource::Template { limit } else { plan };
    Effective { meter: LimitMeter::Users, limit, source, plan, below, until: None }
}

pub(in crate::templates) fn level() -> Level {
    Level::Template("Baseline".into(), 1)
}

fn own(key: Key, n: i64) -> (Key, Entry) {
    (key, Entry { level: Level::Tenant, value: Value::Number(n), locked: false })
}

fn find<'a>(changes: &'a [Change], part: Part, key: &str) -> &'a Change {
    changes.iter().find(|c| c.part == part && c.key == key).expect("a line")
}

#[test]
fn equal_bundles_differ_in_nothing_and_a_comparison_turns_around() {
    assert!(compare(&bundle(), &bundle()).iter().all(|change| change.effect == Effect::Same));
    let other = Bundle { plan: None, fields: vec!["csat".into(), "topic".into()], ..bundle() };
    let differing = |a: &Bundle, b: &Bundle| {
        let mut lines: Vec<_> = compare(a, b)
            .into_iter()
            .filter(|c| c.effect == Effect::Changes)
            .map(|c| (c.part, c.key, c.before, c.after))
            .collect();
        lines.sort();
        lines
    };
    let forth = differing(&bundle(), &other);
    assert_eq!(forth.len(), 3);
    let mut back: Vec<_> =
        differing(&other, &bundle()).into_iter().map(|(p, k, before, after)| (p, k, after, before)).collect();
    back.sort();
    assert_eq!(forth, back);
}

#[test]
fn a_bare_tenant_gets_everything_but_the_checklist_of_a_run_that_is_not() {
    let changes = preview(&level(), &bundle(), &bare());
    assert_eq!(find(&changes, Part::Plan, "").effect, Effect::Same);
    assert_eq!(find(&changes, Part::Field, "csat").effect, Effect::Changes);
    assert_eq!(find(&changes, Part::Task, "summary").effect, Effect::Changes);
    assert_eq!(find(&changes, Part::Task, "csat").effect, Effect::Same, "disabled is what it is anyway");
    assert_eq!(
        find(&changes, Part::Setting, "security.session_idle_minutes").after.as_deref(),
        Some("15 minutes")
    );
    assert_eq!(find(&changes, Part::Checklist, "onboarding").effect, Effect::Later);
}

#[test]
fn what_a_tenant_decided_is_kept_unless_the_template_locks_it() {
    let actual = Actual {
        plan: PlanId::Free,
        limits: vec![],
        fields: vec!["csat".into(), "extra".into()],
        tasks: vec![ActualTask { key: "summary".into(), enabled: false, decided: true, overridden: true }],
        said: vec![own(Key::SessionIdle, 60), own(Key::AiMaxTokens, 900)],
        checklists: vec![(ListKey::Onboarding, 1)],
    };
    let changes = preview(&level(), &bundle(), &actual);
    assert_eq!(find(&changes, Part::Plan, "").effect, Effect::Kept);
    assert_eq!(find(&changes, Part::Field, "extra").effect, Effect::Kept);
    let task = find(&changes, Part::Task, "summary");
    assert_eq!((task.effect, task.after.as_deref()), (Effect::Kept, Some("Disabled")));
    let idle = find(&changes, Part::Setting, "security.session_idle_minutes");
    assert_eq!((idle.effect, idle.after.as_deref()), (Effect::Changes, Some("15 minutes")));
    assert!(idle.note.as_deref().is_some_and(|note| note.contains("60 minutes no longer holds")));
    let tokens = find(&changes, Part::Setting, "ai.max_tokens");
    assert_eq!((tokens.effect, tokens.after.as_deref()), (Effect::Kept, Some("900 tokens")));
}

#[test]
fn a_template_that_no_longer_speaks_of_a_setting_gives_it_back() {
    let before = Entry { level: level(), value: Value::Number(500), locked: true };
    let actual = Actual { said: vec![(Key::AiMaxTokens, before)], ..bare() };
    let to = Bundle { settings: vec![], ..bundle() };
    let changes = preview(&Level::Template("Baseline".into(), 2), &to, &actual);
    let tokens = find(&changes, Part::Setting, "ai.max_tokens");
    assert_eq!(tokens.after.as_deref(), Some("1\u{202f}000 tokens"), "the default holds again");
    assert_eq!(tokens.effect, Effect::Changes);
}

#[test]
fn a_lock_alone_is_a_change() {
    let to = Bundle {
        settings: vec![BundleSetting { key: Key::SessionIdle, value: Value::Number(30), locked: true }],
        ..Bundle::default()
    };
    let changes = preview(&level(), &to, &bare());
    assert_eq!(changes.len(), 1);
    assert_eq!((changes[0].effect, changes[0].before.clone()), (Effect::Changes, Some("30 minutes".into())));
}

#[test]
fn what_was_applied_changes_nothing_when_it_is_applied_again() {
    let said = bundle()
        .settings
        .iter()
        .map(|s| (s.key, Entry { level: level(), value: s.value.clone(), locked: s.locked }))
        .collect();
    let actual = Actual {
        plan: PlanId::Starter,
        limits: vec![users_line(30, LimitSource::Template)],
        fields: vec!["csat".into(), "summary".into()],
        tasks: vec![
            ActualTask { key: "summary".into(), enabled: true, decided: false, overridden: false },
            ActualTask { key: "csat".into(), enabled: false, decided: false, overridden: false },
        ],
        said,
        checklists: vec![(ListKey::Onboarding, 1)],
    };
    assert!(preview(&level(), &bundle(), &actual).iter().all(|c| c.effect == Effect::Same));
}

#[test]
fn the_templates_place_is_after_the_platform_and_before_everybody_else() {
    let entry = |level, n| Entry { level, value: Value::Number(n), locked: false };
    let parent = || Level::Parent("p".into(), "P".into());
    let entries = [entry(Level::Platform, 60), entry(parent(), 20), entry(Level::Tenant, 10)];
    let said = BundleSetting { key: Key::SessionIdle, value: Value::Number(45), locked: false };
    let levels: Vec<_> =
        with_template(&entries, &level(), Some(&said)).into_iter().map(|e| e.level).collect();
    assert_eq!(levels, [Level::Platform, level(), parent(), Level::Tenant]);
}
