//! What a visitor does: look at a page, register, follow the link of the mail, confirm, wait.

use super::hash;
use super::store::{self, Link};
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach, Tx};
use crate::error::{Error, Result};
use crate::notifications::announce;
use crate::operations;
use crate::users::{self, Applicant};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use model::notifications::Event;
use model::operations::{Person, ProvisionRequest};
use model::permission::{Actor, Role};
use model::signup::{Ask, Confirmation, Door, LINK_HOURS, PageRow, Progress, Registration, Stage};
use model::validate;
use model::{OperationId, SignupId, TenantId, UserId};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::net::IpAddr;

/// Registrations of one address (of a /64 where it is IPv6) within an hour.
const PER_ADDRESS: i32 = 10;
const HOUR: i32 = 3_600;
/// Mails to one e-mail address within 24 hours, over all pages.
const PER_EMAIL: i32 = 3;
const DAY: i32 = 86_400;
/// Registrations of a page within 24 hours, for each tenant that it may begin.
const PER_TENANT: i64 = 20;
/// How often another slug is tried.
const SLUGS: usize = 6;

async fn row(cx: &Ctx, slug: &str) -> Result<PageRow> {
    let mut read = cx.read(Reach::System).await?;
    store::pages(read.conn(), Some(slug)).await?.pop().ok_or(Error::NotFound)
}

fn seen(row: PageRow) -> Door {
    let open = row.page.takes_in() && row.today < i64::from(row.page.content.daily_limit);
    let content = row.page.content;
    Door {
        slug: row.page.slug,
        name: content.name,
        greeting: content.greeting,
        colour: content.colour,
        terms_url: content.terms_url,
        email_domains: content.email_domains,
        trial_days: content.trial_days,
        open,
    }
}

/// A page as visitors see it. Anybody may ask.
pub async fn door(cx: &Ctx, slug: &str) -> Result<Door> {
    Ok(seen(row(cx, slug).await?))
}

/// What is said where nobody is taken in, whatever the reason.
const SHUT: &str = "This page takes in nobody at the moment. Try again tomorrow.";

/// Takes a registration; the mail does the rest. The answer is the same whether the address is known, was registered
/// just before, or belongs to a program that filled in the trap.
///
/// # Errors
/// `NotFound`; `Invalid` by what was typed alone; `Conflict` for a page that takes in nobody; `Throttled`.
pub async fn register(cx: &Ctx, slug: &str, address: IpAddr, typed: &Registration) -> Result<()> {
    let row = row(cx, slug).await?;
    let (page, brand) = (row.page.id, row.page.content.name.clone());
    let content = row.page.content.clone();
    if !seen(row).open {
        return Err(Error::Conflict(SHUT.into()));
    }
    let registered = typed.validate(content.terms_url.is_some(), &content.email_domains)?;
    count(cx, &format!("join:{}", users::address_key(address)), PER_ADDRESS, HOUR).await?;
    if !typed.trap.is_empty() {
        tracing::info!(page = slug, "a program filled in the trap of a sign-up page");
        return Ok(());
    }
    let digest = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(registered.email.as_bytes()));
    match count(cx, &format!("join:mail:{digest}"), PER_EMAIL, DAY).await {
        Err(Error::Throttled { .. }) => {
            tracing::info!(page = slug, "an address was registered too often today; no mail is sent");
            return Ok(());
        }
        other => other?,
    }
    let mut tx = cx.begin(Reach::System).await?;
    if store::asked_today(tx.conn(), page).await? >= PER_TENANT * i64::from(content.daily_limit) {
        tracing::warn!(page = slug, "a sign-up page has reached its limit of registrations");
        return Err(Error::Conflict(SHUT.into()));
    }
    let id = SignupId(cx.new_id());
    store::insert(tx.conn(), id, page, &registered, content.terms_url.as_deref(), LINK_HOURS).await?;
    let data = json!({ "signup": { "id": id }, "page": { "slug": slug, "name": brand } });
    announce(&mut tx, TenantId::PLATFORM, Event::SignupRequested, data).await?;
    let event = AuditEvent::platform("signup.request", registered.email)
        .after(json!({ "page": slug, "organisation": registered.organisation, "terms": content.terms_url }));
    tx.commit(event).await
}

/// Counts a try in a window that begins with the first one.
async fn count(cx: &Ctx, key: &str, most: i32, seconds: i32) -> Result<()> {
    let mut tx = cx.begin(Reach::System).await?;
    let wait = store::claim(tx.conn(), key, most, seconds).await?;
    tx.commit_unaudited("counted tries").await?;
    match wait {
        Some(seconds) => Err(Error::Throttled { seconds: i64::from(seconds) }),
        None => Ok(()),
    }
}

/// What a link asks for, given what there is of its address and who looks at it.
fn ask(link: &Link, who: Applicant, actor: &Actor) -> Ask {
    match (link.operation, who) {
        (Some(_), _) => Ask::Wait,
        (None, Applicant::Refused) => Ask::Refused,
        (None, Applicant::Unknown | Applicant::Invited(_)) => Ask::Choose,
        (None, Applicant::Known(user)) if is(actor, user) => Ask::Agree,
        (None, Applicant::Known(_)) => Ask::Prove,
    }
}

fn is(actor: &Actor, user: UserId) -> bool {
    matches!(actor, Actor::User { id, .. } if *id == user)
}

async fn look(cx: &Ctx, slug: &str, token: &str) -> Result<(Link, Applicant)> {
    let mut read = cx.read(Reach::System).await?;
    let link = store::by_token(read.conn(), slug, &hash(token)).await?.ok_or(Error::NotFound)?;
    let who = users::applicant(read.conn(), &link.email).await?;
    Ok((link, who))
}

/// The page of a link: what it asks for, or how far the tenant is. The token is the permission: 256 bits are not guessed.
///
/// # Errors
/// `NotFound` for a token that is too old, or was never one.
pub async fn confirmation(cx: &Ctx, slug: &str, token: &str) -> Result<Confirmation> {
    let (link, who) = look(cx, slug, token).await?;
    let door = door(cx, slug).await?;
    let ask = ask(&link, who, cx.actor());
    let progress = match link.operation {
        Some(operation) => {
            let mut read = cx.read(Reach::Fleet).await?;
            Some(progress(store::progress(read.conn(), operation).await?))
        }
        None => None,
    };
    Ok(Confirmation {
        door,
        organisation: link.organisation,
        name: link.name,
        email: link.email,
        ask,
        progress,
    })
}

fn progress(found: store::Found) -> Progress {
    let stage = Stage::of(Some(found.state));
    let tenant = found.tenant.filter(|_| stage == Stage::Ready);
    // What was undone is nothing that whoever waits could do anything about.
    let steps = if matches!(stage, Stage::Making | Stage::Approval) { found.steps } else { vec![] };
    Progress { stage, steps, tenant }
}

/// Confirms a sign-up: the account gets its first password, or is proven by the one it has (nothing where its owner is
/// signed in), and the tenant is asked for. Used again, the link does nothing more.
///
/// # Errors
/// `NotFound`; `Invalid` at `password`; `Throttled`; `Conflict` where the page takes in nobody by now, or the account
/// cannot be used.
pub async fn confirm(cx: &Ctx, slug: &str, token: &str, address: IpAddr, password: &str) -> Result<()> {
    let (link, who) = look(cx, slug, token).await?;
    let hashed = match ask(&link, who, cx.actor()) {
        Ask::Wait => return Ok(()),
        Ask::Refused => return Err(Error::Conflict(UNUSABLE.into())),
        Ask::Agree => None,
        Ask::Prove => {
            users::prove(cx, &link.email, password, address).await?;
            None
        }
        Ask::Choose => Some(users::first_hash(cx, who, &link.email, &link.name, password).await?),
    };
    // The server does it on the page's account; whoever confirms is named in the line.
    let page = cx.acting_as(Actor::System { name: format!("Sign-up page {slug}") });
    for _ in 0..SLUGS {
        let mut tx = page.begin(Reach::Fleet).await?;
        match complete(&mut tx, &page, slug, &link, who, hashed.as_deref()).await {
            Ok(Some(events)) => {
                tx.commit_all(events).await?;
                operations::ring(cx);
                return Ok(());
            }
            Ok(None) => return Ok(()),
            // Somebody has this slug: another one, without a word about it.
            Err(Error::Invalid(errors)) if errors.get("slug").is_some() && errors.0.len() == 1 => {}
            Err(Error::Invalid(errors)) => {
                tracing::error!(?errors, page = slug, "a sign-up page asks for what cannot be made");
                return Err(Error::Conflict(SHUT.into()));
            }
            Err(other) => return Err(other),
        }
    }
    Err(Error::Internal(format!("no free slug for a sign-up of page {slug}")))
}

const UNUSABLE: &str = "The account of this address cannot be used for that. Sign up with another address.";

/// The change itself; nothing where the sign-up was confirmed by another click.
async fn complete(
    tx: &mut Tx,
    cx: &Ctx,
    slug: &str,
    link: &Link,
    who: Applicant,
    password_hash: Option<&str>,
) -> Result<Option<Vec<AuditEvent>>> {
    // The page first, in every transaction: its sign-ups are counted.
    store::hold_page(tx.conn(), slug).await?.ok_or(Error::NotFound)?;
    let row = store::pages(tx.conn(), Some(slug)).await?.pop().ok_or(Error::NotFound)?;
    let Some(confirmed) = store::hold(tx.conn(), link.id).await? else { return Err(Error::NotFound) };
    if confirmed {
        return Ok(None);
    }
    let content = &row.page.content;
    if !row.page.takes_in() || row.today >= i64::from(content.daily_limit) {
        return Err(Error::Conflict(SHUT.into()));
    }
    let user = match password_hash {
        Some(hash) => users::admit(tx, who, &link.email, &link.name, hash).await?,
        None => match (users::applicant(tx.conn(), &link.email).await?, who) {
            (Applicant::Known(now), Applicant::Known(then)) if now == then => now,
            _ => return Err(users::changed()),
        },
    };
    let operation = OperationId(cx.new_id());
    let (mut requested, asked) =
        operations::request_provision_in(tx, cx, &request(cx, &row, link), operation).await?;
    if content.approval {
        operations::await_approval(tx, &mut requested).await?;
    }
    store::confirm(tx.conn(), link.id, operation).await?;
    // Registered twice by impatience: one tenant.
    let others = store::forget_others(tx.conn(), link.id).await?;
    let event = AuditEvent::platform("signup.confirm", link.email.as_str()).after(json!({
        "page": slug, "organisation": link.organisation, "operation": operation, "tenant": requested.tenant,
        "user": user, "account": if password_hash.is_some() { "new" } else { "known" }, "state": requested.state,
        "others_forgotten": others,
    }));
    Ok(Some(vec![asked, event]))
}

fn request(cx: &Ctx, row: &PageRow, link: &Link) -> ProvisionRequest {
    let content = &row.page.content;
    ProvisionRequest {
        slug: slug(&link.organisation, cx.random()),
        region: content.region.clone(),
        placement: content.placement,
        template: content.template.clone(),
        template_version: content.template_version,
        trial_days: content.trial_days,
        admin: Some(Person { name: link.name.clone(), email: link.email.clone(), role: Role::TenantAdmin }),
        reason: format!("Sign-up of {} on the page “{}”.", link.email, content.name),
        ..ProvisionRequest::named(link.organisation.clone(), content.plan)
    }
}

/// A slug from the name with four letters that nobody chose: that one was free, or not, says nothing of other tenants.
fn slug(organisation: &str, random: [u8; 4]) -> String {
    const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let suffix = random.map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
    format!("{}-{}", validate::suggest_slug(organisation), String::from_iter(suffix))
}

#[cfg(test)]
mod pure {
    use super::*;

    #[test]
    fn a_slug_says_nothing_of_other_tenants() {
        let made = slug("Acme & Söhne", [0, 31, 32, 255]);
        assert_eq!(made, "acme-soehne-0z0z");
        for name in ["Acme", "株式会社", "new", &"x".repeat(200)] {
            let made = slug(name, [1, 2, 3, 4]);
            assert_eq!(validate::slug(&made).as_deref(), Ok(made.as_str()), "{name}");
            assert!(made.ends_with("-1234"));
        }
    }

    #[test]
    fn what_a_link_asks_for_follows_from_the_account_of_its_address() {
        let mut link = Link {
            id: SignupId(uuid::Uuid::nil()),
            organisation: "Acme".into(),
            name: "Ada".into(),
            email: "ada@example.com".into(),
            operation: None,
        };
        let user = UserId(uuid::Uuid::from_u128(1));
        let actor = |id| Actor::User {
            id: UserId(uuid::Uuid::from_u128(id)),
            name: "n".into(),
            email: "n@example.com".into(),
            platform: None,
            memberships: vec![],
        };
        for (who, looks, asks) in [
            (Applicant::Unknown, Actor::Anonymous, Ask::Choose),
            (Applicant::Invited(user), actor(2), Ask::Choose),
            (Applicant::Known(user), Actor::Anonymous, Ask::Prove),
            (Applicant::Known(user), actor(2), Ask::Prove),
            (Applicant::Known(user), actor(1), Ask::Agree),
            (Applicant::Refused, actor(1), Ask::Refused),
        ] {
            assert_eq!(ask(&link, who, &looks), asks, "{who:?}");
        }
        link.operation = Some(OperationId(uuid::Uuid::nil()));
        assert_eq!(ask(&link, Applicant::Refused, &Actor::Anonymous), Ask::Wait);
    }
}
