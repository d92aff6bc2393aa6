//! The frame of every signed-in page: skip link, rail, top bar, the banner of the last action, content.
//!
//! The rail is a native popover on narrow screens, so the navigation opens and closes without a script. What the
//! frame knows it knows from the request: actor, address, and the name of the tenant that a layer looked up; it reads
//! nothing.

use crate::nav::{self, Group, Place};
use crate::request::InTenant;
use crate::ui::{self, Breadcrumbs, Enhance, FlashBanner, Icon, MenuForm, MenuLink, MenuRule, Palette, Tag};
use crate::{paths, session};
use leptos::prelude::*;
use leptos_meta::Body;
use leptos_router::components::Outlet;
use model::permission::{Actor, Role};

/// The frame around nested routes.
#[component]
pub fn Framed() -> impl IntoView {
    view! { <Layout><Outlet/></Layout> }
}

#[component]
pub fn Layout(children: Children) -> impl IntoView {
    let actor = crate::server::actor();
    let (path, _) = crate::server::uri();
    let place = nav::place(&actor, &path, crate::server::extension::<InTenant>());
    let scope = if matches!(place, Place::Tenant { .. }) { "tenant" } else { "platform" };
    view! {
        <Body {..} class="c-shell" data-scope=scope/>
        <div class="c-skip"><a href="#content">"Skip to content"</a></div>
        {rail(&actor, &path, &place)}
        {top_bar(&actor, &path, &place)}
        <div class="c-shell__main">
            <FlashBanner/>
            <main class="c-page" id="content" tabindex="-1" data-width=width_of(&path).as_str()>{children()}</main>
        </div>
        <Enhance/>
    }
    .into_any()
}

/// Lists are wide, forms are narrow, the rest is in between; decided by the address, so that no page forgets it.
fn width_of(path: &str) -> ui::Width {
    match path.trim_matches('/').split('/').collect::<Vec<_>>().as_slice() {
        ["tenants" | "audit" | "health" | "overview" | "notifications" | "operations"] | ["dev", ..] => {
            ui::Width::Full
        }
        ["me", "sessions"] => ui::Width::Detail,
        ["me" | "search", ..] | ["tenants", "new" | "import", ..] | ["tenants", "bulk"] => ui::Width::Form,
        _ => ui::Width::Detail,
    }
}

fn rail(actor: &Actor, path: &str, place: &Place) -> AnyView {
    let groups = nav::groups(actor, path);
    let current = nav::current(&groups, path);
    let home = session::home_of(actor);
    view! {
        <nav class="c-rail" id="rail" popover="auto" aria-label="Main">
            <a class="c-rail__brand" href=home>{brand()}<span>"Steward"</span></a>
            {scope_block(actor, place)}
            <div class="c-rail__groups">{groups.into_iter().map(|group| rail_group(group, current.as_deref())).collect_view()}</div>
        </nav>
    }
    .into_any()
}

fn rail_group(group: Group, current: Option<&str>) -> AnyView {
    let id = format!("nav-{}", group.label.to_lowercase().replace(' ', "-"));
    let links = group.links.into_iter().map(|link| {
        let here = current == Some(link.href.as_str());
        view! {
            <li><a class="c-rail__link" href=link.href aria-current=here.then_some("page")>
                <Icon name=link.icon/><span class="c-rail__text">{link.label}</span>
            </a></li>
        }
    });
    view! {
        <section class="c-rail__group" aria-labelledby=id.clone()>
            <h2 class="c-rail__overline" id=id.clone()>{group.label}</h2>
            <ul>{links.collect_view()}</ul>
        </section>
    }
    .into_any()
}

/// In whose house one is. A person of several organisations changes between them here.
fn scope_block(actor: &Actor, place: &Place) -> AnyView {
    match place {
        Place::Platform => ().into_any(),
        Place::Tenant { slug, name } => {
            let id = (slug != name).then(|| view! { <span class="c-rail__scope-id">{slug.clone()}</span> });
            let block = view! {
                <span class="c-rail__overline">"Tenant"</span>
                <span class="c-rail__scope-name">{name.clone()}</span>
                {id}
            };
            let others: Vec<_> = match actor {
                Actor::User { platform: None, memberships, .. } if memberships.len() > 1 => {
                    memberships.clone()
                }
                _ => Vec::new(),
            };
            if others.is_empty() {
                let href =
                    if actor.is_platform() { paths::TENANTS.to_owned() } else { paths::tenant(slug, "") };
                view! { <a class="c-rail__scope" href=href>{block}</a> }.into_any()
            } else {
                let links = others.into_iter().map(|m| {
                    let current = m.slug == *slug;
                    view! { <MenuLink href=paths::tenant(&m.slug, "") current>{m.tenant_name}</MenuLink> }
                });
                view! {
                    <details class="c-menu">
                        <summary class="c-rail__scope">{block}</summary>
                        <div class="c-menu__panel"><p class="c-menu__heading">"Change to"</p><ul>{links.collect_view()}</ul></div>
                    </details>
                }
                .into_any()
            }
        }
    }
}

fn top_bar(actor: &Actor, path: &str, place: &Place) -> AnyView {
    let crumbs = nav::crumbs(actor, path, place);
    let role = nav::role(actor, path);
    let viewing = match place {
        Place::Tenant { name, .. } if actor.is_platform() => {
            let role = role.map_or("the platform", Role::label).to_lowercase();
            Some(view! { <p class="c-topbar__scope">{format!("You are viewing {name} as {role}")}</p> })
        }
        _ => None,
    };
    view! {
        <header class="c-topbar">
            <button class="c-topbar__menu" type="button" popovertarget="rail" aria-label="Navigation"><Icon name="menu"/></button>
            {(!crumbs.is_empty()).then(|| view! { <Breadcrumbs items=crumbs/> })}
            {viewing}
            <div class="c-topbar__tools">
                <Palette/>
                {account_menu(actor, role)}
            </div>
        </header>
    }
    .into_any()
}

fn account_menu(actor: &Actor, role: Option<Role>) -> AnyView {
    let (name, email) = match actor {
        Actor::User { name, email, .. } => (name.clone(), email.clone()),
        Actor::Anonymous => {
            return view! { <a class="c-button" data-size="sm" href=paths::SIGN_IN>"Sign in"</a> }.into_any();
        }
        other => (other.name().to_owned(), String::new()),
    };
    view! {
        <details class="c-menu" data-align="end">
            <summary class="c-topbar__tool" aria-label=format!("Account: {name}")>
                <span class="c-avatar" aria-hidden="true">{ui::initials(&name)}</span>
            </summary>
            <div class="c-menu__panel">
                <div class="c-menu__heading">
                    <p><strong>{name}</strong></p>
                    <p>{email}</p>
                    {role.map(|role| view! { <p><Tag>{role.label()}</Tag></p> })}
                </div>
                <ul>
                    <MenuRule/>
                    <MenuLink href=paths::PREFERENCES icon="sliders">"Preferences"</MenuLink>
                    <MenuLink href=paths::SESSIONS icon="clock">"Your sessions"</MenuLink>
                    <MenuLink href=paths::PASSWORD icon="key">"Change password"</MenuLink>
                    <MenuForm to="sign_out" icon="log-out">"Sign out"</MenuForm>
                </ul>
            </div>
        </details>
    }
    .into_any()
}

/// The mark.
pub fn brand() -> AnyView {
    view! {
        <svg class="c-brand" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
            <path d="M2 5h8v4H2zM14 5h8v4h-8zM2 15h8v4H2z"></path>
            <path d="M14.75 15.75h6.5v2.5h-6.5z" class="c-brand__now"></path>
        </svg>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_as_wide_as_its_kind() {
        assert_eq!(width_of("/tenants"), ui::Width::Full);
        assert_eq!(width_of("/tenants/new"), ui::Width::Form);
        assert_eq!(width_of("/tenants/acme"), ui::Width::Detail);
        assert_eq!(width_of("/me/preferences"), ui::Width::Form);
        assert_eq!(width_of("/me/sessions"), ui::Width::Detail, "a table of six columns");
    }
}
