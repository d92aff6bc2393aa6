//! One conversation goes in, is threaded, a task runs over it, the result is there, and all of it is removed again (R26).

/// By the door that programs use, and the pipeline's own code under the tenant's own role.
pub(super) mod trial {
    use crate::error::{Error, Result};
    use crate::operations::step::At;
    use serde_json::{Value, json};

    fn name(at: &At) -> String {
        format!("steward-{}", at.key.replace('/', "-"))
    }

    pub(in super::super) async fn act(at: &mut At) -> Result<Value> {
        let (tenant, name) = (at.tenant(), name(at));
        crate::pipeline::forget_smoke(&at.cx, tenant, &name).await?;
        let smoke = crate::pipeline::smoke(&at.cx, tenant, &name).await?;
        crate::pipeline::forget_smoke(&at.cx, tenant, &name).await?;
        if smoke.values == 0 {
            return Err(Error::Conflict("The smoke test left no result: no task could run.".into()));
        }
        at.log(format!(
            "{} ran over a conversation of {} turns and wrote {} value{}; all of it is removed.",
            smoke.task,
            smoke.turns,
            smoke.values,
            if smoke.values == 1 { "" } else { "s" }
        ));
        Ok(
            json!({ "channel": smoke.channel, "turns": smoke.turns, "task": smoke.task, "values": smoke.values, "removed": true }),
        )
    }

    pub(in super::super) async fn check(_at: &mut At) -> Result<Option<Value>> {
        Ok(None)
    }

    pub(in super::super) async fn undo(at: &mut At) -> Result<()> {
        let (tenant, name) = (at.tenant(), name(at));
        crate::pipeline::forget_smoke(&at.cx, tenant, &name).await
    }
}
