//! Sign-in page and its server functions.

use leptos::prelude::*;

#[component]
pub fn SignInPage() -> impl IntoView {
    view! { <h1>"Sign in"</h1> }
}
