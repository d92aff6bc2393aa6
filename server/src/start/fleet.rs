//! The demo fleet: loaded into an empty embedded database at its first start, and by `server demo`; and what a start says
//! about the people who may sign in.
//!
//! Invariants: passwords are in a file of mode 0600 and, once, on the terminal. A load leaves a mark beside that file until
//! the passwords are in it: where a process dies in between, the next start goes on and draws new ones, and nobody is locked
//! out. The file says of which database it is; people of another one are never named, nor is their file written over.

use super::{Failure, Opened};
use crate::config::Config;
use domain::demo::SignIns;
use serde::Serialize;
use sqlx::postgres::PgConnectOptions;
use std::fs::{File, TryLockError};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// How many tenants the demo fleet of an empty embedded database has.
pub(super) const TENANTS: u32 = 300;

/// Held while a fleet is loaded; let go by the kernel when its process dies.
const LOCK: &str = "demo.lock";

/// What a file that says nothing about its database is of.
const EMBEDDED: &str = "embedded";

/// The file of the sign-ins.
#[derive(Serialize)]
struct Kept<'a> {
    #[serde(flatten)]
    people: &'a SignIns,
    database: &'a str,
}

/// Loads the demo fleet, or lets it grow, and writes its new sign-ins to `credentials.json` and, once, to the terminal;
/// `only_empty` leaves a database alone that knows tenants already, unless its load was cut off.
///
/// # Errors
/// When it cannot be loaded as a whole, or the database holds tenants that are no demo fleet.
pub async fn demo(opened: &Opened, data: &Path, tenants: u32, only_empty: bool) -> Result<(), Failure> {
    let cx = opened.services.system("demo");
    std::fs::create_dir_all(data)?;
    let lock = File::options().create(true).truncate(false).write(true).mode(0o600).open(data.join(LOCK))?;
    match lock.try_lock() {
        Ok(()) => {}
        // Another process is at it. Its mark is no sign of a death.
        Err(TryLockError::WouldBlock) if only_empty => return Ok(()),
        Err(TryLockError::WouldBlock) => return Err("another process is loading a demo fleet".into()),
        Err(TryLockError::Error(error)) => return Err(error.into()),
    }
    let place = place(opened)?;
    let path = file(data, &place);
    let mark = mark(&path);
    let cut_off = mark.exists();
    if only_empty && !domain::demo::is_empty(&cx).await? && !(cut_off && domain::demo::is_here(&cx).await?) {
        return Ok(());
    }
    let begin = Instant::now();
    // A new file, whatever lay there: nobody else may have it open.
    let _ = std::fs::remove_file(&mark);
    let mut kept = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&mark)?;
    let large = u64::from(tenants) > domain::demo::WITH_HISTORY;
    let loaded = domain::demo::load(&cx, tenants.into(), |count| {
        if large {
            eprint!("\r  {count} tenants");
        }
    })
    .await;
    if matches!(loaded, Err(domain::Error::Conflict(_))) {
        // Refused before anything was done.
        let _ = std::fs::remove_file(&mark);
    }
    let sign_ins = loaded?;
    serde_json::to_writer_pretty(&mut kept, &Kept { people: &sign_ins, database: &place })?;
    kept.write_all(b"\n")?;
    kept.sync_all()?;
    // Moved as a whole: never half a file.
    std::fs::rename(&mark, &path)?;
    // Statistics and visibility for the planner; without them the first pages would be slow until autovacuum came by.
    domain::db::vacuum(&opened.admin_url).await?;
    tracing::info!(tenants, ms = begin.elapsed().as_millis(), "demo fleet loaded");
    let mut out = std::io::stdout();
    writeln!(out, "\n  The demo fleet is loaded. Sign in with (kept in {}):", path.display())?;
    for (role, person) in [
        ("owner", &sign_ins.owner),
        ("operator", &sign_ins.operator),
        ("success", &sign_ins.success),
        ("tenant_admin", &sign_ins.tenant_admin),
    ] {
        writeln!(out, "  {role:<14}{:<30}{}", person.email, person.password)?;
    }
    Ok(())
}

/// Says on the terminal, for people, where the console is and how to get in. Passwords are only in their file.
pub(super) async fn greet(config: &Config, opened: &Opened) -> Result<(), Failure> {
    let mut out = std::io::stdout();
    writeln!(out, "\n  Steward  {}", config.public_url)?;
    if let Some(token) = domain::users::bootstrap_link(&opened.services.system("start")).await? {
        let page = app::paths::bootstrap(&token);
        writeln!(out, "  Nobody can sign in yet. Make the first owner here, once, within 24 hours")?;
        writeln!(out, "  (a start more than an hour from now replaces this link):")?;
        writeln!(out, "  {}{page}\n", config.public_url.trim_end_matches('/'))?;
        return Ok(());
    }
    if let Some((path, people)) = known(opened, &config.data).await? {
        writeln!(out, "  Sign in as one of these; their passwords are in {}:", path.display())?;
        for (role, email) in people {
            writeln!(out, "  {role:<14}{email}")?;
        }
    }
    writeln!(out)?;
    Ok(())
}

/// The file of this database's sign-ins, and their roles and addresses; `None` where it holds no demo fleet, or the file is
/// not there.
async fn known(opened: &Opened, data: &Path) -> Result<Option<(PathBuf, Vec<(String, String)>)>, Failure> {
    let place = place(opened)?;
    let path = file(data, &place);
    let Some(kept) = read(&path).filter(|kept| database(kept) == place) else { return Ok(None) };
    if !domain::demo::is_here(&opened.services.system("start")).await? {
        return Ok(None);
    }
    let people = kept
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(role, person)| Some((role.clone(), person.get("email")?.as_str()?.to_owned())))
        .collect();
    Ok(Some((path, people)))
}

/// Which database that is, without its password.
fn place(opened: &Opened) -> Result<String, Failure> {
    if opened.is_embedded() {
        return Ok(EMBEDDED.to_owned());
    }
    let options: PgConnectOptions = opened.admin_url.parse()?;
    let database = options.get_database().unwrap_or("postgres");
    Ok(format!("{}:{}/{database}", options.get_host(), options.get_port()))
}

/// Where the sign-ins of this database are kept: under the usual name, unless that is another's.
fn file(data: &Path, place: &str) -> PathBuf {
    let usual = data.join("credentials.json");
    if read(&usual).is_none_or(|kept| database(&kept) == place) {
        return usual;
    }
    let name: String = place.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    data.join(format!("credentials-{name}.json"))
}

/// What lies beside the file while a fleet is being loaded.
fn mark(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}"))
}

fn read(path: &Path) -> Option<serde_json::Value> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

fn database(kept: &serde_json::Value) -> &str {
    kept.get("database").and_then(|name| name.as_str()).unwrap_or(EMBEDDED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::{ConnectOptions, PgPool};
    use std::os::unix::fs::PermissionsExt;

    struct Data(PathBuf);

    impl Data {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("steward-fleet-{}-{name}", std::process::id()));
            let _ = std::fs::remove_dir_all(&path);
            std::fs::create_dir_all(&path).expect("a directory");
            Self(path)
        }

        fn password(&self, file: &str) -> String {
            let kept = read(&self.0.join(file)).expect("a file of sign-ins");
            kept["operator"]["password"].as_str().expect("a password").to_owned()
        }
    }

    impl Drop for Data {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    async fn opened(admin: &PgPool) -> Opened {
        let services = domain::testing::services(admin).await;
        let admin_url = admin.connect_options().to_url_lossy().to_string();
        Opened { background: services.clone(), services, admin_url, embedded: None }
    }

    async fn lets_in(opened: &Opened, password: &str) -> bool {
        let cx = opened.services.ctx(model::permission::Actor::Anonymous, "test");
        let here = std::net::IpAddr::from([192, 0, 2, 7]);
        domain::users::sign_in(&cx, "ada.operator@example.com", password, here, None).await.is_ok()
    }

    #[sqlx::test(migrator = "domain::db::MIGRATOR")]
    async fn a_load_that_was_cut_off_locks_nobody_out(admin: PgPool) {
        let (opened, data) = (opened(&admin).await, Data::new("cut"));
        demo(&opened, &data.0, 3, true).await.expect("loaded");
        let file = data.0.join("credentials.json");
        let mode = std::fs::metadata(&file).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!mark(&file).exists());
        let first = data.password("credentials.json");
        assert!(lets_in(&opened, &first).await);
        // Once more nothing happens, also where somebody took the file away.
        std::fs::remove_file(&file).expect("removed");
        demo(&opened, &data.0, 3, true).await.expect("left alone");
        assert!(!file.exists() && lets_in(&opened, &first).await);
        // A mark of one that is still at it is left alone.
        std::fs::write(mark(&file), "").expect("the mark");
        let lock = File::options().write(true).open(data.0.join(LOCK)).expect("the lock");
        lock.lock().expect("held");
        demo(&opened, &data.0, 3, true).await.expect("left alone");
        assert!(demo(&opened, &data.0, 3, false).await.is_err(), "one at a time");
        assert!(mark(&file).exists() && !file.exists() && lets_in(&opened, &first).await);
        drop(lock);
        // The process died with the fleet in the database and the passwords nowhere.
        demo(&opened, &data.0, 3, true).await.expect("made good");
        let second = data.password("credentials.json");
        assert!(second != first && lets_in(&opened, &second).await && !mark(&file).exists());
        opened.close().await;
    }

    #[sqlx::test(migrator = "domain::db::MIGRATOR")]
    async fn people_of_another_database_are_not_named(admin: PgPool) {
        let (opened, data) = (opened(&admin).await, Data::new("other"));
        let embedded = r#"{"owner": {"email": "freya.dahl@example.com", "password": "x"}}"#;
        let usual = data.0.join("credentials.json");
        std::fs::write(&usual, embedded).expect("of the embedded one");
        assert_eq!(known(&opened, &data.0).await.expect("asked"), None, "no fleet here");
        demo(&opened, &data.0, 3, false).await.expect("loaded");
        assert_eq!(std::fs::read_to_string(&usual).expect("still there"), embedded, "not written over");
        let (own, people) = known(&opened, &data.0).await.expect("asked").expect("a fleet of its own");
        assert_ne!(own, usual);
        assert_eq!(people.len(), 4, "{people:?}");
        std::fs::remove_file(&own).expect("removed");
        assert_eq!(known(&opened, &data.0).await.expect("asked"), None, "the other file is not this fleet's");
        opened.close().await;
    }

    #[sqlx::test(migrator = "domain::db::MIGRATOR")]
    async fn a_database_of_its_own_is_refused_and_leaves_no_mark(admin: PgPool) {
        let (opened, data) = (opened(&admin).await, Data::new("own"));
        domain::testing::tenant(&admin, "acme").await.expect("a tenant");
        demo(&opened, &data.0, 3, true).await.expect("left alone");
        assert!(demo(&opened, &data.0, 3, false).await.is_err(), "it holds tenants of its own");
        assert!(!mark(&data.0.join("credentials.json")).exists());
        assert_eq!(std::fs::read_dir(&data.0).expect("a directory").count(), 1, "the lock");
        opened.close().await;
    }
}
