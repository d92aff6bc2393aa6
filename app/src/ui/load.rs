//! The only way a page reads: wait, then show the data, or the error with its HTTP status.

use crate::error::{AppError, ErrorView};
use leptos::prelude::*;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, ready};

/// A read under way. `Suspense` renders its children several times before it waits for one of them, and drops the others:
/// each goes on with the same read, or every page would ask the database three times.
struct Reading<F>(Mutex<Option<Pin<Box<F>>>>);

impl<F: Future> Reading<F> {
    fn slot(&self) -> MutexGuard<'_, Option<Pin<Box<F>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was read; `read` begins anew where it was handed out already.
    async fn outcome(&self, read: impl Fn() -> F) -> F::Output {
        poll_fn(|cx| {
            let mut slot = self.slot();
            let outcome = ready!(slot.get_or_insert_with(|| Box::pin(read())).as_mut().poll(cx));
            *slot = None;
            Poll::Ready(outcome)
        })
        .await
    }
}

/// Around a part of a page that has its `h1` already; an error in there takes the level below.
#[derive(Clone, Copy, Debug)]
pub struct Headed;

/// Reads once while the page is rendered. The status of the page is the status of what it reads.
#[component]
pub fn Load<T, R, F, V>(
    /// A server function call.
    read: R,
    /// The page for what was read.
    view: V,
    /// The page for what could not be read, in place of [`ErrorView`]; it has the error's status all the same.
    #[prop(optional)]
    refused: Option<fn(AppError) -> AnyView>,
) -> impl IntoView
where
    T: Send + 'static,
    R: Fn() -> F + Send + Sync + 'static,
    F: Future<Output = Result<T, AppError>> + Send + 'static,
    V: Fn(T) -> AnyView + Clone + Send + Sync + 'static,
{
    let (read, reading) = (Arc::new(read), Arc::new(Reading(Mutex::new(None))));
    view! {
        <Suspense>
            {move || {
                let (read, reading, view) = (read.clone(), reading.clone(), view.clone());
                // Here, where the context of the request is at hand.
                reading.slot().get_or_insert_with(|| Box::pin(read()));
                Suspend::new(async move {
                    match reading.outcome(&*read).await {
                        Ok(data) => {
                            provide_context(Headed);
                            view(data)
                        }
                        Err(error) => {
                            super::status(error.status());
                            match refused {
                                Some(page) => page(error),
                                None => view! { <ErrorView error=error/> }.into_any(),
                            }
                        }
                    }
                })
            }}
        </Suspense>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Waker};

    #[test]
    fn renderings_that_are_dropped_leave_the_read_to_the_next() {
        let (begun, polled) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let read = || {
            begun.fetch_add(1, Ordering::Relaxed);
            poll_fn(|_| match polled.fetch_add(1, Ordering::Relaxed) {
                0 | 1 => Poll::Pending,
                n => Poll::Ready(n),
            })
        };
        let reading = Reading(Mutex::new(None));
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..2 {
            assert_eq!(Box::pin(reading.outcome(read)).as_mut().poll(&mut cx), Poll::Pending);
        }
        assert_eq!(begun.load(Ordering::Relaxed), 1);
        assert_eq!(Box::pin(reading.outcome(read)).as_mut().poll(&mut cx), Poll::Ready(2));
        assert_eq!(Box::pin(reading.outcome(read)).as_mut().poll(&mut cx), Poll::Ready(3));
        assert_eq!(begun.load(Ordering::Relaxed), 2, "handed out once");
    }
}
