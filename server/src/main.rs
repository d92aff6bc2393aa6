//! Steward's server: `server help` lists what it can do.

#[tokio::main]
async fn main() -> std::process::ExitCode {
    server::cli::run(std::env::args_os().skip(1).collect()).await
}
