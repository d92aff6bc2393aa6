//! The floor: what PostgreSQL alone makes of the very statements that a page asks, by `pgbench`.
//!
//! The statements are not copied into this program, where they would grow old: a server is started whose statements
//! PostgreSQL logs, the page is asked for once, and what stands in the log is replayed with the same parameters.

use crate::Failure;
use crate::http::{Load, percentile};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where a page's statements are found in the log: everything written since.
pub struct Tap {
    log: PathBuf,
    from: usize,
}

impl Tap {
    pub fn open(log: &Path) -> Result<Self, Failure> {
        Ok(Self { log: log.to_owned(), from: std::fs::metadata(log)?.len() as usize })
    }

    /// What one page asked, parameters filled in: the statements of the one transaction that read the directory's rows.
    /// The server's workers write to the same log; by process and transaction they are told apart.
    ///
    /// # Errors
    /// When there is not exactly one such transaction: a guess would be a floor of something else.
    pub fn statements(&self) -> Result<Vec<String>, Failure> {
        let text = std::fs::read(&self.log)?;
        let text = String::from_utf8_lossy(text.get(self.from..).unwrap_or_default()).into_owned();
        let mut open: HashMap<String, Vec<String>> = HashMap::new();
        let mut closed: Vec<Vec<String>> = Vec::new();
        let mut last = String::new();
        for line in text.lines() {
            if let Some(more) = line.strip_prefix('\t') {
                if let Some(sql) = open.get_mut(&last).and_then(|all| all.last_mut()) {
                    sql.push(' ');
                    sql.push_str(more.trim());
                }
                continue;
            }
            let Some(process) =
                line.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map(|(pid, _)| pid)
            else {
                continue;
            };
            last = process.to_owned();
            let all = open.entry(last.clone()).or_default();
            if let Some((_, rest)) = line.split_once("LOG:  execute ") {
                all.push(rest.split_once(": ").map_or("", |(_, sql)| sql).to_owned());
            } else if let Some((_, rest)) = line.split_once("DETAIL:  ") {
                if let (Some(sql), Some(values)) = (all.last_mut(), rest.get("parameters: ".len()..)) {
                    *sql = filled(sql, values);
                }
            } else if let Some((_, sql)) = line.split_once("LOG:  statement: ") {
                if sql.starts_with("BEGIN") {
                    all.clear();
                } else if sql.starts_with("ROLLBACK") || sql.starts_with("COMMIT") {
                    closed.push(std::mem::take(all));
                } else {
                    all.push(sql.to_owned());
                }
            }
        }
        closed
            .retain(|all| all.iter().any(|sql| sql.contains("AS owner_name") && sql.contains("legal_hold")));
        let [page] = closed.as_mut_slice() else {
            return Err(format!(
                "{} transactions in the log look like the page; one was asked for",
                closed.len()
            )
            .into());
        };
        let mut page = std::mem::take(page);
        // Counts and filter choices are kept by the server for seconds and belong to no single page.
        page.retain(|sql| {
            let kept = sql.starts_with("SELECT ARRAY[")
                || sql.starts_with("SELECT count(")
                || sql.contains("RECURSIVE");
            sql.starts_with("SET LOCAL enable_")
                || sql.contains("FROM tenant") && !kept && !sql.contains("unnest(t.tags)")
        });
        if page.iter().any(|sql| sql.starts_with("SET LOCAL")) {
            page.insert(0, "BEGIN".into());
            page.push("ROLLBACK".into());
        }
        Ok(page)
    }
}

/// `$1` … replaced by their literals. The log quotes them as SQL does.
fn filled(sql: &str, parameters: &str) -> String {
    let mut values = Vec::new();
    let mut rest = parameters;
    while let Some((_, value)) = rest.split_once(" = ") {
        let length = match value.strip_prefix('\'') {
            // A doubled quote is a quote inside.
            Some(inner) => {
                let bytes = inner.as_bytes();
                let mut at = 0;
                while at < bytes.len() {
                    if bytes[at] == b'\'' {
                        if bytes.get(at + 1) == Some(&b'\'') {
                            at += 1;
                        } else {
                            break;
                        }
                    }
                    at += 1;
                }
                at + 2
            }
            None => value.find(',').unwrap_or(value.len()),
        };
        let (literal, after) = value.split_at(length.min(value.len()));
        values.push(literal.to_owned());
        rest = after;
    }
    let mut sql = sql.to_owned();
    for (at, value) in values.iter().enumerate().rev() {
        sql = sql.replace(&format!("${}", at + 1), value);
    }
    sql
}

/// `pgbench`, where PostgreSQL's programs are.
pub fn pgbench() -> Option<PathBuf> {
    let given = std::env::var_os("STEWARD_POSTGRES_BIN").map(PathBuf::from);
    let mut places: Vec<PathBuf> = given.into_iter().collect();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        places.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    places.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths).collect::<Vec<_>>());
    places.into_iter().map(|place| place.join("pgbench")).find(|program| program.is_file())
}

/// Replays the statements as one transaction after another.
pub fn floor(
    program: &Path,
    url: &str,
    statements: &[String],
    connections: usize,
    seconds: u64,
    scratch: &Path,
) -> Result<Load, Failure> {
    std::fs::create_dir_all(scratch)?;
    for old in std::fs::read_dir(scratch)?.flatten() {
        std::fs::remove_file(old.path())?;
    }
    let script = scratch.join("script.sql");
    // A line is a command to pgbench, a colon before a letter a variable: `::` is safe, other colons are not there.
    std::fs::write(
        &script,
        statements.iter().map(|sql| format!("{};\n", sql.trim_end_matches(';'))).collect::<String>(),
    )?;
    let output = Command::new(program)
        .args([
            "-n",
            "-M",
            "prepared",
            "-j",
            "2",
            "-l",
            "-c",
            &connections.to_string(),
            "-T",
            &seconds.to_string(),
        ])
        .arg("--log-prefix")
        .arg(scratch.join("times"))
        .arg("-f")
        .arg(&script)
        .arg(url)
        .output()?;
    if !output.status.success() {
        return Err(format!("pgbench: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let mut times = Vec::new();
    for file in
        std::fs::read_dir(scratch)?.flatten().filter(|f| f.file_name().to_string_lossy().starts_with("times"))
    {
        let text = std::fs::read_to_string(file.path())?;
        times.extend(
            text.lines().filter_map(|line| line.split(' ').nth(2)?.parse::<f64>().ok()).map(|us| us / 1000.0),
        );
    }
    times.sort_by(f64::total_cmp);
    Ok(Load {
        per_second: times.len() as f64 / seconds as f64,
        p50: percentile(&times, 0.5),
        p99: percentile(&times, 0.99),
    })
}
