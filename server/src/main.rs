//! Steward's server: `server help` lists what it can do.

mod config;
mod forms;
mod router;
mod session;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = config::Config::from_env()?;
    let url = config.database_url.clone().ok_or("no DATABASE_URL")?;
    domain::db::migrate(&url).await?;
    let services = domain::Services::new(domain::db::serving_pool(&url).await?);
    let options = leptos::config::LeptosOptions::builder()
        .output_name("steward")
        .site_root(config.site_root.to_string_lossy().to_string())
        .hash_files(std::env::var("LEPTOS_HASH_FILES").is_ok_and(|v| v == "true"))
        .site_addr(config.addr)
        .build();
    let listener = tokio::net::TcpListener::bind(config.addr).await?;
    let identity = session::Identify {
        services,
        cookie: app::request::SessionCookie { secure: config.is_https() },
        proxies: [].into(),
    };
    let app = router::router(identity, options, b"skeleton");
    axum::serve(listener, app.into_make_service_with_connect_info::<std::net::SocketAddr>()).await?;
    Ok(())
}
