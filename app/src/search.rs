//! Jumping somewhere by typing: the command palette asks [`search`], and `/search` is the same without WASM.

use crate::error::AppError;
use crate::nav;
use crate::paths;
use crate::ui::{self, Button, Empty, EmptyKind, Icon, PageHeader};
use leptos::prelude::*;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};

/// Somewhere to go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    pub group: String,
    pub title: String,
    pub hint: String,
    pub href: String,
    pub icon: String,
}

/// Pages that this person may see, and what they hold, for a few letters; all pages for none.
#[server]
pub async fn search(
    #[server(default)] q: String,
    #[server(default)] from: String,
) -> Result<Vec<Hit>, AppError> {
    let actor = crate::server::actor();
    let mut hits = pages(&actor, &from, &q);
    if !q.trim().is_empty()
        && actor.allows(model::permission::Permission::TenantList, model::permission::Scope::Platform)
    {
        let tenants = domain::tenants::search_quick(&crate::server::ctx()?, &q).await?;
        hits.extend(tenants.into_iter().map(|tenant| Hit {
            hint: format!("{} · {}", tenant.slug, tenant.status.label()),
            ..hit("Tenants", &tenant.name, paths::tenant(&tenant.slug, ""), "building")
        }));
    }
    Ok(hits)
}

/// Pages and commands whose words begin with the words typed.
pub fn pages(actor: &model::permission::Actor, from: &str, q: &str) -> Vec<Hit> {
    let mut hits: Vec<Hit> = nav::groups(actor, from)
        .into_iter()
        .flat_map(|group| {
            group.links.into_iter().map(move |link| hit(group.label, link.label, link.href, link.icon))
        })
        .collect();
    if actor.allows(model::permission::Permission::TenantCreate, model::permission::Scope::Platform) {
        hits.push(hit("Actions", "New tenant", paths::TENANTS_NEW.to_owned(), "plus"));
        hits.push(hit("Actions", "Import tenants", paths::TENANTS_IMPORT.to_owned(), "upload"));
    }
    hits.push(hit("You", "Preferences", paths::PREFERENCES.to_owned(), "sliders"));
    hits.push(hit("You", "Keyboard shortcuts", paths::SHORTCUTS.to_owned(), "keyboard"));
    hits.push(hit("You", "Your sessions", paths::SESSIONS.to_owned(), "clock"));
    hits.push(hit("You", "Change password", paths::PASSWORD.to_owned(), "key"));
    hits.retain(|hit| matches(&hit.title, &hit.group, q));
    hits
}

fn hit(group: &str, title: &str, href: String, icon: &str) -> Hit {
    Hit { group: group.to_owned(), title: title.to_owned(), hint: String::new(), href, icon: icon.to_owned() }
}

/// Every typed word begins a word of the title or of its group.
fn matches(title: &str, group: &str, q: &str) -> bool {
    let text = format!("{title} {group}").to_lowercase();
    q.to_lowercase()
        .split_whitespace()
        .all(|typed| text.split_whitespace().any(|word| word.starts_with(typed)))
}

#[component]
pub fn SearchPage() -> impl IntoView {
    let q = ui::Query::here().get("q").unwrap_or_default().to_owned();
    let asked = q.clone();
    view! {
        <Title text="Jump to"/>
        <PageHeader title="Jump to"/>
        <form class="c-filter-bar" method="get" action=paths::SEARCH role="search">
            <div class="c-filter-bar__search">
                <Icon name="search"/>
                <input class="c-input" type="search" name="q" value=q aria-label="Where to" autofocus autocomplete="off"/>
            </div>
            <Button>"Search"</Button>
        </form>
        <ui::Load read=move || search(asked.clone(), String::new()) view=|hits| results(hits)/>
    }
    .into_any()
}

fn results(hits: Vec<Hit>) -> AnyView {
    if hits.is_empty() {
        return view! { <Empty kind=EmptyKind::Zero icon="search" title="Nothing found" text="Try the beginning of a name."/> }.into_any();
    }
    let items = hits.into_iter().map(|hit| {
        let hint = if hit.hint.is_empty() { hit.group } else { format!("{} · {}", hit.group, hit.hint) };
        view! { <li class="c-list__item"><div class="u-grow"><a href=hit.href>{hit.title}</a><p class="u-muted">{hint}</p></div></li> }
    });
    view! { <ul class="c-list">{items.collect_view()}</ul> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn words_are_found_by_their_beginnings() {
        assert!(matches("Audit log", "Govern", "au"));
        assert!(matches("Audit log", "Govern", "log gov"));
        assert!(matches("Audit log", "Govern", ""));
        assert!(!matches("Audit log", "Govern", "udit"));
    }
}
