//! Server functions of sign-up. Those at the end are for anybody.

use crate::error::AppError;
use leptos::prelude::*;
use model::signup::{Confirmation, Door, PageDetail, PageList, TemplateChoice};

#[server]
pub async fn get_signup_pages() -> Result<PageList, AppError> {
    Ok(domain::signup::pages(&crate::server::ctx()?).await?)
}

#[server]
pub async fn get_signup_page(page: String) -> Result<PageDetail, AppError> {
    Ok(domain::signup::page(&crate::server::ctx()?, &page).await?)
}

/// What a new page can begin tenants with.
#[server]
pub async fn get_signup_choices() -> Result<Vec<TemplateChoice>, AppError> {
    Ok(domain::signup::choices(&crate::server::ctx()?).await?)
}

/// A page with what its form offers.
#[server]
pub async fn get_signup_form(page: String) -> Result<(PageDetail, Vec<TemplateChoice>), AppError> {
    let cx = crate::server::ctx()?;
    // Who may not change it learns nothing of what is there.
    let choices = domain::signup::choices(&cx).await?;
    Ok((domain::signup::page(&cx, &page).await?, choices))
}

/// Makes a sign-up page; it is open at once.
#[server]
pub async fn create_signup_page(
    #[server(default)] slug: String,
    #[server(default)] name: String,
    #[server(default)] greeting: String,
    #[server(default)] colour: String,
    #[server(default)] terms_url: String,
    #[server(default)] template: String,
    #[server(default)] plan: String,
    #[server(default)] placement: String,
    #[server(default)] region: String,
    #[server(default)] trial_days: String,
    #[server(default)] email_domains: String,
    #[server(default)] daily_limit: String,
    #[server(default)] approval: String,
) -> Result<(), AppError> {
    let input = model::signup::PageInput {
        slug,
        name,
        greeting,
        colour,
        terms_url,
        template,
        plan,
        placement,
        region,
        trial_days,
        email_domains,
        daily_limit,
        approval,
    };
    let slug = domain::signup::create(&crate::server::ctx()?, &input).await?;
    crate::server::flash("success", "The page is open. Pass its address on.");
    crate::server::redirect(&crate::paths::signup_page(&slug, ""));
    Ok(())
}

/// Changes what a page says and makes; its address stays.
#[server]
pub async fn change_signup_page(
    page: String,
    #[server(default)] version: i64,
    #[server(default)] name: String,
    #[server(default)] greeting: String,
    #[server(default)] colour: String,
    #[server(default)] terms_url: String,
    #[server(default)] template: String,
    #[server(default)] plan: String,
    #[server(default)] placement: String,
    #[server(default)] region: String,
    #[server(default)] trial_days: String,
    #[server(default)] email_domains: String,
    #[server(default)] daily_limit: String,
    #[server(default)] approval: String,
) -> Result<(), AppError> {
    let input = model::signup::PageInput {
        slug: String::new(),
        name,
        greeting,
        colour,
        terms_url,
        template,
        plan,
        placement,
        region,
        trial_days,
        email_domains,
        daily_limit,
        approval,
    };
    domain::signup::change(&crate::server::ctx()?, &page, &input, version).await?;
    crate::server::flash("success", "The page is changed. It holds for everybody who confirms from now on.");
    crate::server::redirect(&crate::paths::signup_page(&page, ""));
    Ok(())
}

/// Opens or closes a page.
#[server]
pub async fn switch_signup_page(
    page: String,
    #[server(default)] version: i64,
    #[server(default)] open: bool,
) -> Result<(), AppError> {
    let (name, version) = domain::signup::switch(&crate::server::ctx()?, &page, open, version).await?;
    let text = format!("“{name}” is {}.", if open { "open" } else { "closed: it takes in nobody any more" });
    let inputs = [("page", page), ("version", version.to_string()), ("open", (!open).to_string())]
        .map(|(key, value)| (key.to_owned(), value));
    let undo = crate::request::Undo { form: "switch_signup_page".into(), inputs: inputs.into() };
    crate::server::flash_with_undo("success", text, Some(undo));
    Ok(())
}

/// A sign-up page as visitors see it.
#[server]
pub async fn get_signup_door(page: String) -> Result<Door, AppError> {
    Ok(domain::signup::door(&crate::server::ctx()?, &page).await?)
}

/// Registers a visitor. The answer never depends on who has an account. `website` is the field that no person sees.
#[server]
pub async fn register_signup(
    page: String,
    #[server(default)] organisation: String,
    #[server(default)] name: String,
    #[server(default)] email: String,
    #[server(default)] terms: String,
    #[server(default)] website: String,
) -> Result<(), AppError> {
    let typed =
        model::signup::Registration { organisation, name, email, agreed: !terms.is_empty(), trap: website };
    let cx = crate::server::ctx()?;
    domain::signup::register(&cx, &page, crate::server::client_address()?, &typed).await?;
    crate::server::redirect(&crate::paths::join_sent(&page));
    Ok(())
}

/// What the link of a mail asks for, or how far the tenant is.
#[server]
pub async fn get_signup_confirmation(page: String, token: String) -> Result<Confirmation, AppError> {
    Ok(domain::signup::confirmation(&crate::server::ctx()?, &page, &token).await?)
}

/// Confirms a sign-up by its link, with a new password or the one of the account.
#[server]
pub async fn confirm_signup(
    page: String,
    token: String,
    #[server(default)] password: String,
) -> Result<(), AppError> {
    let (cx, address) = (crate::server::ctx()?, crate::server::client_address()?);
    Ok(domain::signup::confirm(&cx, &page, &token, address, &password).await?)
}
