//! From a judged address to a stream: TCP, and TLS under the name that was asked for.

use super::Failure;
use rustls::pki_types::ServerName;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// TLS as everybody speaks it, trusting `roots`; the provider is named, because a process may have several.
pub(super) fn tls(roots: rustls::RootCertStore) -> rustls::ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(rustls::DEFAULT_VERSIONS)
        .unwrap_or_else(|_| unreachable!("ring speaks the default versions"))
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

pub(super) async fn look_up(name: String) -> std::io::Result<Vec<IpAddr>> {
    let found = tokio::net::lookup_host((name, 0)).await?;
    Ok(found.map(|address| address.ip()).collect())
}

/// Connects to the first of the addresses that answers.
pub(super) async fn dial(
    addresses: &[IpAddr],
    url: &Url,
    tls: &Arc<rustls::ClientConfig>,
    limit: Duration,
) -> Result<Box<dyn Stream>, Failure> {
    let port = url.port_or_known_default().unwrap_or(443);
    let mut last = Failure::Unreachable("no address".into());
    let mut tcp = None;
    for ip in addresses {
        match tokio::time::timeout(limit, TcpStream::connect(SocketAddr::new(*ip, port))).await {
            Ok(Ok(stream)) => {
                tcp = Some(stream);
                break;
            }
            Ok(Err(error)) => last = Failure::Unreachable(format!("no connection: {}", error.kind())),
            Err(_) => last = Failure::TimedOut(limit),
        }
    }
    let Some(stream) = tcp else { return Err(last) };
    let _ = stream.set_nodelay(true);
    if url.scheme() != "https" {
        return Ok(Box::new(stream));
    }
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
    let name =
        ServerName::try_from(host).map_err(|_| Failure::Refused("the host cannot be named in TLS".into()))?;
    match tokio::time::timeout(limit, TlsConnector::from(tls.clone()).connect(name, stream)).await {
        Ok(Ok(stream)) => Ok(Box::new(stream)),
        Ok(Err(error)) => Err(Failure::Broken(format!("TLS: {error}"))),
        Err(_) => Err(Failure::TimedOut(limit)),
    }
}
