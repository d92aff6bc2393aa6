//! The only way a page reads: wait, then show the data, or the error with its HTTP status.

use crate::error::{AppError, ErrorView};
use leptos::prelude::*;
use std::future::{Future, poll_fn};
use std::task::Poll;

/// Waits until it is asked a second time. `Suspense` renders its children several times, asks each rendering once whether
/// it is ready, and drops all but the last: what began at the first asking would be begun for nothing, and hold a connection
/// to the database meanwhile.
async fn asked_again() {
    let mut asked = false;
    poll_fn(|cx| {
        if asked {
            return Poll::Ready(());
        }
        asked = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
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
    view! {
        <Suspense>
            {move || {
                let data = read();
                let view = view.clone();
                Suspend::new(async move {
                    asked_again().await;
                    match data.await {
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
    use std::pin::pin;
    use std::task::{Context, Waker};

    #[test]
    fn a_rendering_that_is_asked_once_begins_nothing() {
        let mut cx = Context::from_waker(Waker::noop());
        let mut waiting = pin!(asked_again());
        assert_eq!(waiting.as_mut().poll(&mut cx), Poll::Pending);
        assert_eq!(waiting.as_mut().poll(&mut cx), Poll::Ready(()));
    }
}
