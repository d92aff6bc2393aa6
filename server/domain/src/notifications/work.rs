//! The background half: finds recipients, makes attempts, several at a time, none crowding out the others.

use super::store::queue::{self, Claimed};
use super::{deliver, fan};
use crate::ctx::{Ctx, Reach, Services};
use crate::error::Result;
use model::permission::{Permission, Scope};
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::watch::Receiver;
use tokio::task::{Id, JoinError, JoinSet};
use uuid::Uuid;

/// Attempts at one time in this process, and to one endpoint (or by mail).
const AT_ONCE: usize = 32;
const PER_WAY: usize = 4;
/// Seconds after which an attempt belongs to whoever asks: longer than any attempt may take.
const LEASE: i32 = 90;
/// How long to sleep when nothing is due.
const IDLE: Duration = Duration::from_millis(500);
/// How long to wait after the database failed us.
const TROUBLE: Duration = Duration::from_secs(5);

/// Works until told to stop; attempts under way are finished first.
pub(crate) async fn run(services: Services, mut stop: Receiver<bool>) {
    let mut under_way = JoinSet::new();
    let mut ways = HashMap::new();
    while !*stop.borrow() {
        while let Some(done) = under_way.try_join_next_with_id() {
            ended(done, &mut ways);
        }
        let cx = services.system("notifications");
        let pause = match round(&cx, &mut under_way, &mut ways).await {
            Ok(0) => IDLE,
            Ok(_) => continue,
            Err(error) => {
                tracing::error!(%error, "notices could not be sent");
                TROUBLE
            }
        };
        tokio::select! {
            _ = stop.changed() => {}
            Some(done) = under_way.join_next_with_id(), if !under_way.is_empty() => ended(done, &mut ways),
            () = tokio::time::sleep(pause) => {}
        }
    }
    while let Some(done) = under_way.join_next_with_id().await {
        ended(done, &mut ways);
    }
}

/// Which way each attempt under way takes.
type Ways = HashMap<Id, Uuid>;

fn ended(done: Result<(Id, ()), JoinError>, ways: &mut Ways) {
    match done {
        Ok((id, ())) => {
            ways.remove(&id);
        }
        // Its delivery comes back when the lease ends.
        Err(error) => {
            ways.remove(&error.id());
            tracing::error!(%error, "an attempt broke down");
        }
    }
}

/// Claims what there is room for; how much there was to do.
async fn round(cx: &Ctx, under_way: &mut JoinSet<()>, ways: &mut Ways) -> Result<usize> {
    let notices = fan::round(cx).await?;
    let room = AT_ONCE.saturating_sub(under_way.len());
    if room == 0 {
        return Ok(0);
    }
    let mut taken: HashMap<Uuid, usize> = HashMap::new();
    for way in ways.values() {
        *taken.entry(*way).or_default() += 1;
    }
    let busy: Vec<Uuid> =
        taken.into_iter().filter(|(_, count)| *count >= PER_WAY).map(|(way, _)| way).collect();
    let claimed = claim(cx, room, &busy).await?;
    let count = notices + claimed.len();
    for one in claimed {
        let (cx, way) = (cx.clone(), one.way());
        let task = under_way.spawn(async move {
            if let Err(error) = deliver::attempt(&cx, &one).await {
                tracing::error!(%error, delivery = %one.id, "an attempt could not be made");
            }
        });
        ways.insert(task.id(), way);
    }
    Ok(count)
}

pub(super) async fn claim(cx: &Ctx, room: usize, busy: &[Uuid]) -> Result<Vec<Claimed>> {
    let room = i64::try_from(room).unwrap_or(1);
    let mut tx = cx.begin(Reach::Fleet).await?;
    let claimed = queue::claim(tx.conn(), room, PER_WAY as i64, busy, LEASE).await?;
    tx.commit_unaudited("the queue of deliveries").await?;
    Ok(claimed)
}

/// Does everything that is due now and comes back when nothing is left: for tests and the command line. How many
/// attempts were made.
pub async fn drain(cx: &Ctx) -> Result<usize> {
    cx.require(Permission::NotificationSend, Scope::Platform).await?;
    let mut made = 0;
    loop {
        let notices = fan::round(cx).await?;
        let claimed = claim(cx, AT_ONCE, &[]).await?;
        if notices == 0 && claimed.is_empty() {
            return Ok(made);
        }
        made += claimed.len();
        for one in &claimed {
            deliver::attempt(cx, one).await?;
        }
    }
}
