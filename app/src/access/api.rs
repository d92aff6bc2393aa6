//! Server functions of access.

use crate::error::AppError;
use leptos::prelude::*;
use model::access::{Invitation, OwnSession, Person};

#[server]
pub async fn get_platform_people() -> Result<Vec<Person>, AppError> {
    Ok(domain::users::platform_people(&crate::server::ctx()?).await?)
}

/// One of the platform's people; what is no id is nobody.
#[server]
pub async fn get_person(user: String) -> Result<Person, AppError> {
    Ok(domain::users::person(&crate::server::ctx()?, user.parse().map_err(|_| AppError::NotFound)?).await?)
}

/// The link in the answer is shown this once.
#[server]
pub async fn invite_person(
    #[server(default)] email: String,
    #[server(default)] name: String,
    #[server(default)] role: String,
) -> Result<Invitation, AppError> {
    let made = domain::users::invite_person(&crate::server::ctx()?, &email, &name, &role).await?;
    crate::server::show_once();
    Ok(made)
}

/// Another link for somebody who has not used theirs.
#[server]
pub async fn renew_person_link(user: String) -> Result<Invitation, AppError> {
    let user = user.parse().map_err(|_| AppError::NotFound)?;
    let made = domain::users::renew_link(&crate::server::ctx()?, user).await?;
    crate::server::show_once();
    Ok(made)
}

#[server]
pub async fn set_person_role(
    user: String,
    #[server(default)] role: String,
    #[server(default)] reason: String,
) -> Result<(), AppError> {
    let user = user.parse().map_err(|_| AppError::NotFound)?;
    domain::users::set_role(&crate::server::ctx()?, user, &role, &reason).await?;
    crate::server::flash("success", "The role is changed. It holds with their next click.");
    Ok(())
}

#[server]
pub async fn close_person(user: String, #[server(default)] reason: String) -> Result<(), AppError> {
    let user = user.parse().map_err(|_| AppError::NotFound)?;
    domain::users::close_person(&crate::server::ctx()?, user, &reason).await?;
    crate::server::flash("success", "The account is closed and its sessions have ended.");
    crate::server::redirect(crate::paths::USERS);
    Ok(())
}

#[server]
pub async fn end_person_sessions(user: String) -> Result<(), AppError> {
    let user = user.parse().map_err(|_| AppError::NotFound)?;
    let ended = domain::users::end_sessions(&crate::server::ctx()?, user).await?;
    let ended = i64::try_from(ended).unwrap_or(i64::MAX);
    crate::server::flash("success", format!("{} ended.", crate::ui::plural(ended, "session")));
    Ok(())
}

#[server]
pub async fn get_own_sessions() -> Result<Vec<OwnSession>, AppError> {
    let current = crate::server::session().ok_or(AppError::SignIn)?;
    Ok(domain::users::own_sessions(&crate::server::ctx()?, current).await?)
}

/// Ends the sessions on other devices as well.
#[server]
pub async fn change_own_password(
    #[server(default)] current: String,
    #[server(default)] password: String,
) -> Result<(), AppError> {
    let ended = crate::server::change_password(&current, &password).await?;
    let ended = i64::try_from(ended).unwrap_or(i64::MAX);
    let others = if ended == 0 {
        String::new()
    } else {
        format!(" {} elsewhere ended.", crate::ui::plural(ended, "session"))
    };
    crate::server::flash("success", format!("Your password is changed.{others}"));
    crate::server::redirect(crate::paths::SESSIONS);
    Ok(())
}

/// One of one's own sessions, or `others`.
#[server]
pub async fn end_own_session(#[server(default)] session: String) -> Result<(), AppError> {
    let current = crate::server::session().ok_or(AppError::SignIn)?;
    let ended = domain::users::end_own_session(&crate::server::ctx()?, current, &session).await?;
    let ended = i64::try_from(ended).unwrap_or(i64::MAX);
    crate::server::flash("success", format!("{} ended.", crate::ui::plural(ended, "session")));
    Ok(())
}
