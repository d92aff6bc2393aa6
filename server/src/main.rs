//! Steward's server: `server help` lists what it can do.

/// Rendering a page is thousands of small allocations: the system's allocator took a third of its time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    server::cli::run(std::env::args_os().skip(1).collect()).await
}
