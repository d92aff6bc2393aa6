//! Configuration: typed, from the environment, checked at start. Secrets are never printed.

use domain::outward::address::Net;
use domain::seal::Keyring;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// The fewest with which a request that needs a second connection cannot wait for itself, and the most that are of use.
const CONNECTIONS: std::ops::RangeInclusive<u32> = 2..=200;

/// Everything that can be set. The README's table is this struct in words.
#[derive(Clone)]
pub struct Config {
    /// `STEWARD_ADDR`: where to listen.
    pub addr: SocketAddr,
    /// `STEWARD_DATA`: the embedded database, generated secrets, the demo's sign-ins.
    pub data: PathBuf,
    /// `DATABASE_URL`: an administrator's address of a PostgreSQL ≥ 15; unset starts the embedded one.
    pub database_url: Option<String>,
    /// `STEWARD_SECRET`: at least 32 bytes; signs banners. Unset: generated once and kept in `data`.
    pub secret: Option<Vec<u8>>,
    /// `STEWARD_KEY`: 32 bytes in base64; seals what must be read again, like the secrets of webhooks. Several with commas
    /// between: the first seals, all open. Unset: made once and kept in `data`.
    pub keys: Option<Keyring>,
    /// `STEWARD_SMTP_URL` with `STEWARD_MAIL_FROM`: where mails are handed in, and their sender. Unset: mails are kept in
    /// the log as not sent.
    pub mail: Option<(String, String)>,
    /// `STEWARD_OUTWARD_ALLOW`: networks inside that webhooks may go to, also without TLS, with commas between.
    pub outward_allow: Vec<Net>,
    /// `STEWARD_PUBLIC_URL`: the address in the browser; `https` makes cookies `Secure`.
    pub public_url: String,
    /// `STEWARD_TRUSTED_PROXIES`: addresses whose `X-Forwarded-For` is believed, with commas between.
    pub proxies: Vec<IpAddr>,
    /// `STEWARD_CONNECTIONS`: database connections for what is asked, opened at the start.
    pub connections: u32,
    /// `STEWARD_DEMO`: `auto` loads a demo fleet into an empty embedded database, `off` never does.
    pub demo: bool,
    /// `STEWARD_LOG`: `text` or `json`.
    pub json_logs: bool,
    /// `LEPTOS_SITE_ROOT`: the built assets.
    pub site_root: PathBuf,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("addr", &self.addr)
            .field("data", &self.data)
            .field("database_url", &self.database_url.as_ref().map(|_| "(set)"))
            .field("secret", &self.secret.as_ref().map(|_| "(set)"))
            .field("keys", &self.keys)
            .field("mail", &self.mail.as_ref().map(|(_, from)| from))
            .field("outward_allow", &self.outward_allow)
            .field("public_url", &self.public_url)
            .field("proxies", &self.proxies)
            .field("connections", &self.connections)
            .field("demo", &self.demo)
            .field("json_logs", &self.json_logs)
            .field("site_root", &self.site_root)
            .finish()
    }
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{name}: {problem}")]
pub struct ConfigError {
    name: &'static str,
    problem: String,
}

impl Config {
    /// Reads the process's environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let error = |name, problem: &str| ConfigError { name, problem: problem.to_owned() };
        let one_of = |name: &'static str, default: &'static str, words: [&'static str; 2]| {
            let value = get(name).unwrap_or_else(|| default.to_owned());
            if words.contains(&value.as_str()) {
                Ok(value)
            } else {
                Err(error(name, &format!("“{value}” is neither {} nor {}", words[0], words[1])))
            }
        };
        let addr: SocketAddr = get("STEWARD_ADDR")
            .unwrap_or_else(|| "127.0.0.1:3000".into())
            .parse()
            .map_err(|_| error("STEWARD_ADDR", "is not an address like 127.0.0.1:3000"))?;
        let database_url = get("DATABASE_URL");
        if database_url.as_ref().is_some_and(|url| !is_postgres(url)) {
            return Err(error("DATABASE_URL", "begins with neither postgres:// nor postgresql://"));
        }
        let secret = get("STEWARD_SECRET").map(String::into_bytes);
        if secret.as_ref().is_some_and(|s| s.len() < 32) {
            return Err(error("STEWARD_SECRET", "needs 32 bytes or more"));
        }
        let keys = get("STEWARD_KEY")
            .map(|text| Keyring::read(&text).map_err(|problem| error("STEWARD_KEY", &problem)))
            .transpose()?;
        let mail = match (get("STEWARD_SMTP_URL"), get("STEWARD_MAIL_FROM")) {
            (Some(url), Some(from)) => Some((url, from)),
            (Some(_), None) => return Err(error("STEWARD_MAIL_FROM", "is needed with STEWARD_SMTP_URL")),
            (None, _) => None,
        };
        let outward_allow = get("STEWARD_OUTWARD_ALLOW").unwrap_or_default();
        let outward_allow = outward_allow
            .split(',')
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(|text| text.parse::<Net>().map_err(|problem| error("STEWARD_OUTWARD_ALLOW", &problem)))
            .collect::<Result<_, _>>()?;
        let public_url = get("STEWARD_PUBLIC_URL").unwrap_or_else(|| format!("http://{addr}"));
        if !public_url.starts_with("http://") && !public_url.starts_with("https://") {
            return Err(error("STEWARD_PUBLIC_URL", "begins with neither http:// nor https://"));
        }
        if !names_a_host(&public_url) {
            let problem = format!("“{public_url}” names no host; write it like https://steward.example.com");
            return Err(error("STEWARD_PUBLIC_URL", &problem));
        }
        let proxies = get("STEWARD_TRUSTED_PROXIES").unwrap_or_default();
        let proxies = proxies
            .split(',')
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(|text| {
                text.parse()
                    .map_err(|_| error("STEWARD_TRUSTED_PROXIES", &format!("“{text}” is not an IP address")))
            })
            .collect::<Result<_, _>>()?;
        let connections = match get("STEWARD_CONNECTIONS") {
            None => domain::db::serving(),
            Some(text) => text.parse().ok().filter(|n| CONNECTIONS.contains(n)).ok_or_else(|| {
                error("STEWARD_CONNECTIONS", &format!("“{text}” is no number from 2 to 200"))
            })?,
        };
        Ok(Self {
            addr,
            data: get("STEWARD_DATA").unwrap_or_else(|| ".data".into()).into(),
            database_url,
            secret,
            keys,
            mail,
            outward_allow,
            public_url,
            proxies,
            connections,
            demo: one_of("STEWARD_DEMO", "auto", ["auto", "off"])? == "auto",
            json_logs: one_of("STEWARD_LOG", "text", ["text", "json"])? == "json",
            site_root: get("LEPTOS_SITE_ROOT").unwrap_or_else(|| "target/site".into()).into(),
        })
    }

    /// Whether the browser reaches us by TLS.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

/// Whether it is an address of PostgreSQL: the driver takes any scheme, and then waits for an answer.
fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// Whether anything stands where an address has its host: links in mails begin with this address.
fn names_a_host(url: &str) -> bool {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    !host.trim().is_empty() && !host.starts_with(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::read(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn nothing_set_is_fine() {
        let config = read(&[]).expect("defaults");
        assert_eq!(config.addr.to_string(), "127.0.0.1:3000");
        assert!(config.demo && !config.json_logs && !config.is_https());
    }

    #[test]
    fn wrong_values_are_refused_by_name() {
        for (name, value) in [
            ("STEWARD_ADDR", "here"),
            ("DATABASE_URL", "http://u:p@localhost/steward"),
            ("DATABASE_URL", "localhost/steward"),
            ("STEWARD_SECRET", "short"),
            ("STEWARD_PUBLIC_URL", "example.com"),
            ("STEWARD_PUBLIC_URL", "http://"),
            ("STEWARD_DEMO", "yes"),
            ("STEWARD_LOG", "xml"),
            ("STEWARD_TRUSTED_PROXIES", "10.0.0.1, proxy"),
            ("STEWARD_OUTWARD_ALLOW", "10.0.0.0/8, here"),
            ("STEWARD_KEY", "c2hvcnQ="),
            ("STEWARD_CONNECTIONS", "1"),
            ("STEWARD_CONNECTIONS", "many"),
        ] {
            let error = read(&[(name, value)]).expect_err(name);
            assert!(error.to_string().starts_with(name), "{error}");
        }
    }

    #[test]
    fn the_public_address_names_a_host() {
        for bad in [
            "http://",
            "https://",
            "http:///tenants",
            "https://:8080",
            "https://?a",
            "http://user@/",
            "http:// ",
        ] {
            let error = read(&[("STEWARD_PUBLIC_URL", bad)]).expect_err(bad);
            assert!(error.to_string().contains("names no host"), "{error}");
        }
        for fine in ["http://localhost:3000", "https://steward.example.com/", "http://[::1]:3000"] {
            assert_eq!(read(&[("STEWARD_PUBLIC_URL", fine)]).expect(fine).public_url, fine);
        }
    }

    #[test]
    fn a_mail_server_needs_a_sender() {
        let error = read(&[("STEWARD_SMTP_URL", "smtp://localhost")]).expect_err("no sender");
        assert!(error.to_string().starts_with("STEWARD_MAIL_FROM"));
    }

    #[test]
    fn secrets_are_never_printed() {
        let config = read(&[
            ("DATABASE_URL", "postgres://u:hunter2@h/d"),
            ("STEWARD_SECRET", "0123456789012345678901234567890123456789"),
            ("STEWARD_SMTP_URL", "smtp://u:hunter2@h"),
            ("STEWARD_MAIL_FROM", "a@example.com"),
            ("STEWARD_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="),
        ])
        .expect("valid");
        let text = format!("{config:?}");
        assert!(!text.contains("hunter2") && !text.contains("0123456789"), "{text}");
        assert!(!text.contains("MDEyMzQ1"), "{text}");
    }
}
