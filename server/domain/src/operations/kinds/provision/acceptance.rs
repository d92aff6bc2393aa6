//! The success criteria of `seeds/001`, each with what it is decided on (R25). What is looked at is what holds now, not what
//! was written down: the settings as they resolve, the people as they would sign in, the monitors as they were looked at.

use super::people::let_in;
use super::store::acceptance as store;
use super::{ProvisionRequest, template_key};
use crate::ctx::Reach;
use crate::error::Result;
use crate::operations::step::At;
use crate::{settings, users};
use model::RunId;
use model::UserId;
use model::acceptance::Criterion;
use model::permission::Role;
use model::settings::{Key, Value, resolve};
use std::collections::BTreeMap;

/// All of them, in the order in which people read them.
pub(super) async fn criteria(at: &mut At) -> Result<Vec<Criterion>> {
    let asked: ProvisionRequest = at.payload()?;
    Ok(vec![
        people(at, &asked).await?,
        isolation(at).await?,
        policies(at, &asked).await?,
        monitoring(at, &asked).await?,
        conversation(at).await?,
    ])
}

fn plain(name: &str, met: bool, evidence: String) -> Criterion {
    Criterion { criterion: name.to_owned(), met, evidence, at: None, run: None, kept_only: vec![] }
}

/// Everybody who was asked for has a place in their role and an open account; they have a password, or a link by which they
/// would choose one is tried.
async fn people(at: &mut At, asked: &ProvisionRequest) -> Result<Criterion> {
    let name = "The tenant can authenticate and access the system";
    let (tenant, cx, let_in) = (at.tenant(), at.cx.clone(), let_in(at));
    let wanted = asked.admin.iter().chain(&asked.people).count();
    let now = store::now(at.conn()?).await?;
    if wanted == 0 {
        let said = "Nobody was to be let in yet.".to_owned();
        return Ok(Criterion { at: Some(now), ..plain(name, true, said) });
    }
    let ids: Vec<_> = let_in.iter().map(|person| person.user).collect();
    let placed = store::placed(at.conn()?, tenant, &ids).await?;
    let (mut sign_in, mut set_up, mut admins, mut problems) = (0, 0, 0, Vec::new());
    for person in &let_in {
        let found = placed.iter().find(|placed| placed.user == person.user && placed.role == person.role);
        let Some(found) = found else {
            problems.push(format!(
                "{} has no open account with a place as {}.",
                person.email,
                person.role.label()
            ));
            continue;
        };
        if found.password {
            sign_in += 1;
        } else if users::could_set_up(&cx, at.reach(Reach::System).await?, UserId(person.user)).await? {
            set_up += 1;
        } else {
            problems.push(format!("A link to set a password would not work for {}.", person.email));
            continue;
        }
        admins += usize::from(person.role == Role::TenantAdmin);
    }
    at.reach(Reach::Fleet).await?;
    let met = problems.is_empty() && sign_in + set_up == wanted;
    let mut said = format!(
        "{} of {wanted} people are let in, {admins} as administrators: {sign_in} sign in with the password they have, for {set_up} a link to set one was made, tried and taken back.",
        sign_in + set_up
    );
    problems.truncate(5);
    for problem in problems {
        said.push(' ');
        said.push_str(&problem);
    }
    Ok(Criterion { at: Some(now), ..plain(name, met, said) })
}

async fn isolation(at: &mut At) -> Result<Criterion> {
    let name = "Data isolation is verified through testing";
    let tenant = at.tenant();
    Ok(match store::proof(at.conn()?, tenant).await? {
        None => plain(name, false, "There is no proof of it.".to_owned()),
        Some(proof) => {
            let said = if proof.failed == 0 {
                format!("All {} attempts to get at something foreign came out as they must.", proof.passed)
            } else {
                format!(
                    "{} attempts to get at something foreign did not come out as they must.",
                    proof.failed
                )
            };
            let run = Some(RunId(proof.id));
            Criterion { at: Some(proof.at), run, ..plain(name, proof.failed == 0, said) }
        }
    })
}

/// Each setting that the template or the request says resolves to that, unless a lock above holds it elsewhere; and the
/// database enforces what rows a tenant sees. What resolves and is obeyed by nothing yet is counted apart and named: of such
/// a policy nobody is told that it is active.
async fn policies(at: &mut At, asked: &ProvisionRequest) -> Result<Criterion> {
    let tenant = at.tenant();
    let conn = at.conn()?;
    let (offer, _) = crate::templates::asked_for(conn, template_key(asked), asked.template_version).await?;
    let wanted = wanted(&offer.bundle.settings, asked);
    let levels = settings::levels(conn, tenant).await?;
    let (mut holds, mut locked, mut wrong, mut kept_only) = (0, 0, Vec::new(), Vec::new());
    for (key, value) in &wanted {
        let now = resolve(*key, &settings::of_key(&levels, *key));
        if now.value == *value && key.obeyed() {
            holds += 1;
        } else if now.value == *value {
            kept_only.push(key.label().to_owned());
        } else if now.locked_by.is_some() {
            locked += 1;
        } else {
            wrong.push(format!("{} is {}, not {}.", key.label(), key.words(&now.value), key.words(value)));
        }
    }
    let (forced, now) = (store::forced(conn, tenant).await?, store::now(conn).await?);
    let mut said = format!("{holds} of {} settings that were asked for hold and are obeyed", wanted.len());
    if !kept_only.is_empty() {
        said.push_str(&format!(", {} are kept and inherited, and nothing obeys them yet", kept_only.len()));
    }
    if locked > 0 {
        said.push_str(&format!(", {locked} are decided by a lock above this tenant"));
    }
    said.push_str(if forced {
        "; row level security is forced on every table."
    } else {
        "; row level security is not forced on every table."
    });
    let met = wrong.is_empty() && forced;
    wrong.truncate(5);
    for one in wrong {
        said.push(' ');
        said.push_str(&one);
    }
    Ok(Criterion { at: Some(now), kept_only, ..plain("All security policies are active", met, said) })
}

/// What is to hold: what the template says, and over it what this tenant was asked for with, where nothing locks it.
fn wanted(template: &[model::templates::BundleSetting], asked: &ProvisionRequest) -> BTreeMap<Key, Value> {
    let mut wanted: BTreeMap<Key, Value> =
        template.iter().map(|setting| (setting.key, setting.value.clone())).collect();
    for (key, value) in &asked.settings {
        let locked = template.iter().any(|setting| setting.key.as_str() == key && setting.locked);
        if let (false, Ok(key), Ok(value)) =
            (locked, key.parse::<Key>(), serde_json::from_value(value.clone()))
        {
            wanted.insert(key, value);
        }
    }
    wanted
}

async fn monitoring(at: &mut At, asked: &ProvisionRequest) -> Result<Criterion> {
    let tenant = at.tenant();
    let lacking = super::limits::lacking(at, asked).await?;
    let found = store::watched(at.conn()?, tenant).await?;
    let met =
        lacking.is_empty() && found.monitors > 0 && found.looked_at == found.monitors && found.backups > 0;
    let mut said = match found.evaluated_at {
        Some(when) => format!(
            "{} of {} monitors were looked at, last on {} UTC; {} backup schedules.",
            found.looked_at,
            found.monitors,
            when.format("%-d %b %Y %H:%M"),
            found.backups
        ),
        None => format!(
            "{} monitors, which nobody has looked at; {} backup schedules.",
            found.monitors, found.backups
        ),
    };
    for one in lacking {
        said.push(' ');
        said.push_str(&one);
    }
    Ok(Criterion { at: found.evaluated_at, ..plain("Monitoring and alerting are operational", met, said) })
}

/// What the smoke test before it has left as evidence.
async fn conversation(at: &mut At) -> Result<Criterion> {
    let tenant = at.tenant();
    let smoke = at.outputs.get("smoke").cloned().unwrap_or_default();
    let number = |key: &str| smoke.get(key).and_then(serde_json::Value::as_i64).unwrap_or(0);
    let (turns, values) = (number("turns"), number("values"));
    let task = smoke.get("task").and_then(serde_json::Value::as_str).unwrap_or_default();
    let said = format!(
        "A conversation of {turns} turns came in by the same door as everybody’s, {task} ran over it and wrote {values} values; all of it is removed."
    );
    let id = at.op.id;
    let when = store::step_ended(at.conn()?, tenant, id, "smoke").await?;
    Ok(Criterion { at: when, ..plain("A conversation goes through", values > 0, said) })
}
