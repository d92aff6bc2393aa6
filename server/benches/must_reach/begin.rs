//! What a new installation waits for: its demo fleet, and a start that brings up a PostgreSQL of its own.

use crate::steward::{Steward, demo, empty};
use crate::{Failure, Report};
use std::path::Path;
use std::time::Instant;

/// As many as `make run` loads.
const TENANTS: u64 = 300;

/// The demo fleet into a migrated database without a tenant, the process and its start included.
pub async fn fleet(binary: &Path, admin_url: &str, data: &Path, report: &mut Report) -> Result<(), Failure> {
    let database = empty(binary, admin_url, data, "bench_demo").await?;
    let begin = Instant::now();
    demo(binary, &database, TENANTS)?;
    let took = begin.elapsed().as_secs_f64();
    report.line(
        &format!("demo fleet ({TENANTS} tenants, 90 days)"),
        format!("{took:.1} s"),
        "≤ 20 s",
        Some(took <= 20.0),
    );
    Ok(())
}

/// From nothing running to ready. The first start makes the cluster and migrates it, where no earlier run has; the second
/// is what is measured.
pub async fn embedded(binary: &Path, data: &Path, report: &mut Report) -> Result<(), Failure> {
    // Beside the other data, where `make clean-data` finds and stops it.
    let place = data.with_file_name("bench-embedded");
    drop(Steward::start_embedded(binary, &place).await?);
    if place.join("postgres/postmaster.pid").exists() {
        return Err(
            "the embedded PostgreSQL of the first start has not stopped: the second would only join it"
                .into(),
        );
    }
    let steward = Steward::start_embedded(binary, &place).await?;
    let ready = steward.ready.as_secs_f64();
    report.line("ready with embedded start (migrated)", format!("{ready:.2} s"), "≤ 5 s", Some(ready <= 5.0));
    Ok(())
}
