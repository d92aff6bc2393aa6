//! A value that may be a few seconds old: read once for everybody who asks meanwhile.
//!
//! For numbers about the whole fleet, which cost the same for one reader and for a hundred. One caller reads, the
//! others wait for it (no stampede). A failed read is not kept.

use crate::error::Result;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

#[derive(Debug)]
pub(crate) struct Fresh<T> {
    kept: Mutex<Option<(Instant, Arc<T>)>>,
}

impl<T> Default for Fresh<T> {
    fn default() -> Self {
        Self { kept: Mutex::new(None) }
    }
}

impl<T> Fresh<T> {
    /// The value, at most `age` old; `read` brings it anew where it is older.
    pub(crate) async fn get(&self, age: Duration, read: impl Future<Output = Result<T>>) -> Result<Arc<T>> {
        let mut kept = self.kept.lock().await;
        if let Some((at, value)) = kept.as_ref()
            && at.elapsed() < age
        {
            return Ok(value.clone());
        }
        let value = Arc::new(read.await?);
        *kept = Some((Instant::now(), value.clone()));
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[tokio::test]
    async fn a_value_is_read_again_when_it_is_old_and_a_failure_is_not_kept() {
        let fresh = Fresh::default();
        assert!(fresh.get(Duration::from_secs(60), async { Err::<i32, _>(Error::NotFound) }).await.is_err());
        assert_eq!(*fresh.get(Duration::from_secs(60), async { Ok(1) }).await.expect("read"), 1);
        assert_eq!(*fresh.get(Duration::from_secs(60), async { Ok(2) }).await.expect("kept"), 1);
        assert_eq!(*fresh.get(Duration::ZERO, async { Ok(3) }).await.expect("read again"), 3);
    }
}
