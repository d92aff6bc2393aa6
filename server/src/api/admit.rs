//! Who calls: a program with a tenant's key, or one with a key of the platform; proven and counted before any handler.
//!
//! Invariants: a request carries the caller of one kind only, and a handler takes one kind only: [`Call`] a tenant's,
//! [`PlatformCall`] the platform's. The other kind is answered 403 whatever it asked for, before anything is read of it.
//! What a caller may do beyond that is asked by the services.

use super::problem::Problem;
use crate::observe::RequestId;
use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::api_keys::{self, WINDOW_SECONDS, Window};
use domain::{Ctx, Error, Services, platform_keys};
use model::tenants::SuspensionReason;
use model::usage::Limit;
use std::sync::Arc;
use std::time::Duration;

/// How long a request may take, its body included. One that may change something goes on behind it, unheard
/// ([`crate::behind::detach`]).
pub(super) const DEADLINE: Duration = Duration::from_secs(120);

/// Headers of draft-ietf-httpapi-ratelimit-headers-10.
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Whoever has proven a key.
enum Proven {
    Tenant(api_keys::Caller),
    Platform(platform_keys::Caller),
}

impl Proven {
    async fn of(services: &Services, id: &str, key: Option<&str>) -> Result<Self, Error> {
        match key {
            Some(key) if platform_keys::presents(key) => {
                platform_keys::authenticate(services, id, key).await.map(Self::Platform)
            }
            Some(key) => api_keys::authenticate(services, id, key).await.map(Self::Tenant),
            None => Err(Error::SignIn),
        }
    }

    async fn count(&self) -> Result<Window, Error> {
        match self {
            Self::Tenant(caller) => api_keys::count_call(caller).await,
            Self::Platform(caller) => platform_keys::count_call(caller).await,
        }
    }

    fn attach(self, request: &mut Request) {
        match self {
            Self::Tenant(caller) => {
                request.extensions_mut().insert(caller);
            }
            Self::Platform(caller) => {
                request.extensions_mut().insert(caller);
            }
        }
    }
}

/// Proves the key, counts the call, and says in the answer's headers how many are left.
pub(super) async fn admit(State(services): State<Services>, mut request: Request, next: Next) -> Response {
    let id: Arc<str> = request
        .extensions()
        .get::<RequestId>()
        .map_or_else(|| services.new_id().simple().to_string().into(), |id| id.0.clone());
    let proven = match Proven::of(&services, &id, bearer(request.headers())).await {
        Ok(proven) => proven,
        Err(error) => return Problem::from_error(error, &id).into_response(),
    };
    let counted = proven.count().await;
    let (mut response, window) = match counted {
        Ok(window) => {
            proven.attach(&mut request);
            let harmless = is_harmless(&request);
            request.extensions_mut().insert(window);
            request.extensions_mut().insert(RequestId(id.clone()));
            let answered = tokio::time::timeout(DEADLINE, next.run(request)).await;
            (answered.unwrap_or_else(|_| Problem::too_slow(harmless).id(&id).into_response()), window)
        }
        Err(Error::OverQuota { limit, used, resets_in }) => {
            let window = Window { limit: Limit::Number(limit), used, resets_in };
            (Problem::over_quota(limit, used, resets_in).id(&id).into_response(), window)
        }
        Err(error) => return Problem::from_error(error, &id).into_response(),
    };
    say_limit(response.headers_mut(), &window);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Whether the same request may be sent again without a look at what became of the first.
fn is_harmless(request: &Request) -> bool {
    // Each conversation has an id of its own, and is stored once.
    matches!(*request.method(), Method::GET | Method::HEAD)
        || request.uri().path().ends_with("/conversations")
}

/// The token of RFC 6750; the scheme's name in any case.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A plan without a number has no policy to tell.
fn say_limit(headers: &mut HeaderMap, window: &Window) {
    let Limit::Number(limit) = window.limit else { return };
    let left = (limit - window.used).max(0);
    let policy = format!("\"api-calls\";q={limit};w={WINDOW_SECONDS}");
    let state = format!("\"api-calls\";r={left};t={}", window.resets_in);
    for (name, value) in [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, state)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
}

/// Callers of one kind.
pub(super) trait Holder: Clone + Send + Sync + 'static {
    /// What somebody with the other kind of key is told.
    const REFUSAL: &'static str;

    fn cx(&self) -> &Ctx;

    /// Why the caller's tenant is suspended, where it is.
    fn suspended(&self) -> Option<SuspensionReason> {
        None
    }
}

impl Holder for api_keys::Caller {
    const REFUSAL: &'static str = "This address is for the keys of tenants. A key of the platform belongs to none: use the addresses under /tenants.";

    fn cx(&self) -> &Ctx {
        &self.cx
    }

    fn suspended(&self) -> Option<SuspensionReason> {
        self.reason
    }
}

impl Holder for platform_keys::Caller {
    const REFUSAL: &'static str = "This address is for keys of the platform.";

    fn cx(&self) -> &Ctx {
        &self.cx
    }
}

/// What handlers need: who calls, and a way to turn the domain's errors into problems.
pub(super) struct Call<C = api_keys::Caller> {
    pub(super) caller: C,
    pub(super) window: Window,
}

/// The same of a program with a key of the platform.
pub(super) type PlatformCall = Call<platform_keys::Caller>;

impl<S: Sync, C: Holder> FromRequestParts<S> for Call<C> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let (caller, window) = (parts.extensions.get::<C>(), parts.extensions.get::<Window>());
        match caller.zip(window) {
            Some((caller, window)) => Ok(Self { caller: caller.clone(), window: *window }),
            None => {
                let problem = Problem::other_key(C::REFUSAL);
                Err(match parts.extensions.get::<RequestId>() {
                    Some(id) => problem.id(&id.0),
                    None => problem,
                })
            }
        }
    }
}

impl<C: Holder> Call<C> {
    pub(super) fn cx(&self) -> &Ctx {
        self.caller.cx()
    }

    pub(super) fn problem(&self, error: Error) -> Problem {
        let reason = self.caller.suspended().filter(|_| matches!(error, Error::Suspended(_)));
        let problem = Problem::from_error(error, self.cx().request_id());
        match reason {
            Some(reason) => problem.because(reason),
            None => problem,
        }
    }

    /// A problem with the id of this request.
    pub(super) fn named(&self, problem: Problem) -> Problem {
        problem.id(self.cx().request_id())
    }

    pub(super) fn bad(&self, detail: impl Into<String>) -> Problem {
        self.named(Problem::bad_request(detail))
    }

    /// What is no id is no object.
    pub(super) fn id<T: std::str::FromStr>(
        &self,
        path: Result<Path<String>, PathRejection>,
    ) -> Result<T, Problem> {
        let Path(text) = path.map_err(|error| self.bad(error.body_text()))?;
        text.parse().map_err(|_| self.named(Problem::not_found()))
    }

    /// A body of JSON.
    pub(super) fn input<T>(&self, body: Result<Json<T>, JsonRejection>) -> Result<T, Problem> {
        let Json(input) = body.map_err(|error| match error.status() {
            StatusCode::UNSUPPORTED_MEDIA_TYPE => self.named(Problem::media_type()),
            _ => self.bad(error.body_text()),
        })?;
        Ok(input)
    }
}
