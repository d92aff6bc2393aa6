//! What the client refuses to talk to, and what it survives, against receivers that are really there.

use super::*;
use crate::testing::http::{Receiver, Reply, read};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::AsyncWriteExt;

fn here() -> Client {
    let mut client = Client::new(vec!["127.0.0.1".parse().expect("an address")]);
    client.whole = Duration::from_secs(2);
    client
}

/// A name server that answers what the test wants, and counts.
fn lying(mut client: Client, answers: Vec<Vec<&'static str>>) -> (Client, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    client.resolve = Arc::new(move |_| {
        let n = count.fetch_add(1, Ordering::SeqCst);
        let answer: Vec<IpAddr> =
            answers[n.min(answers.len() - 1)].iter().map(|ip| ip.parse().expect("an address")).collect();
        Box::pin(async move { Ok(answer) })
    });
    (client, asked)
}

async fn post(client: &Client, url: &str) -> Result<Answer, Failure> {
    let url = Url::parse(url).expect("a url");
    client.post(&url, HeaderMap::new(), b"{}".to_vec()).await
}

#[test]
fn addresses_are_judged_when_they_are_typed() {
    let strict = Client::default();
    for wrong in [
        "",
        "example.com",
        "ftp://example.com",
        "file:///etc/passwd",
        "http://example.com/hook",
        "https://user:pw@example.com/",
        "https://example.com/#x",
        "https://example.com:0/",
        "https://localhost/",
        "https://metadata.google.internal/",
        "https://127.0.0.1/",
        // The same address in other clothes.
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:a9fe:a9fe]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://10.0.0.8/",
        "https://100.64.0.1/",
        "https://[fd00:ec2::254]/",
    ] {
        assert!(strict.check(wrong).is_err(), "{wrong}");
    }
    assert!(strict.check(&format!("https://example.com/{}", "x".repeat(2_000))).is_err());
    assert!(strict.check(" https://example.com/hooks?a=1 ").is_ok());
    assert!(strict.check("https://1.1.1.1/").is_ok());
    assert!(here().check("http://127.0.0.1:9/").is_ok(), "let in");
    assert!(here().check("http://127.0.0.2:9/").is_err(), "its neighbour is not");
    assert!(here().check("http://1.1.1.1/").is_err(), "the open net only by TLS");
}

#[tokio::test]
async fn a_name_that_points_inside_is_not_dialled() {
    let receiver = Receiver::start(Reply::status(200)).await;
    for inside in
        ["127.0.0.1", "10.0.0.1", "169.254.169.254", "100.100.100.200", "::1", "::ffff:127.0.0.1", "fd00::1"]
    {
        let (client, _) = lying(Client::default(), vec![vec![inside]]);
        let url = format!("https://hooks.example.com:{}/", receiver.port());
        assert!(matches!(post(&client, &url).await, Err(Failure::Refused(_))), "{inside}");
        // One address inside among others is enough.
        let (client, _) = lying(Client::default(), vec![vec!["1.1.1.1", inside]]);
        assert!(matches!(post(&client, &url).await, Err(Failure::Refused(_))), "1.1.1.1 and {inside}");
    }
    assert!(receiver.received().is_empty(), "nobody knocked");
}

#[tokio::test]
async fn a_name_that_changes_its_mind_changes_nothing() {
    let receiver = Receiver::start(Reply::status(200)).await;
    // The first answer is fine, every later one leads inside: DNS rebinding. The name is asked once.
    let (client, asked) = lying(here(), vec![vec!["127.0.0.1"], vec!["127.0.0.2"]]);
    let url = format!("http://rebind.example.com:{}/hook", receiver.port());
    let answer = post(&client, &url).await.expect("the judged address was dialled");
    assert_eq!((answer.status.as_u16(), asked.load(Ordering::SeqCst)), (200, 1));
    assert_eq!(receiver.received()[0].headers["host"], format!("rebind.example.com:{}", receiver.port()));
    assert!(matches!(post(&client, &url).await, Err(Failure::Refused(_))), "the next call judges anew");
    assert_eq!(receiver.received().len(), 1);
}

#[tokio::test]
async fn a_redirect_inside_is_not_followed() {
    let inside = Receiver::start(Reply::status(200)).await;
    for status in [301, 302, 303, 307, 308] {
        let to = vec![("location", inside.url("/secret"))];
        let outside = Receiver::start(Reply::Say(status, to, String::new())).await;
        let answer = post(&here(), &outside.url("/")).await.expect("an answer");
        assert_eq!(answer.status.as_u16(), status);
    }
    assert!(inside.received().is_empty(), "nobody knocked");
}

#[tokio::test]
async fn time_and_size_have_limits() {
    let receiver = Receiver::start(Reply::Hang).await;
    let mut client = here();
    client.whole = Duration::from_millis(200);
    assert_eq!(post(&client, &receiver.url("/")).await, Err(Failure::TimedOut(Duration::from_millis(200))));
    client.whole = Duration::from_secs(5);
    receiver.reply(Reply::Endless);
    let answer = post(&client, &receiver.url("/")).await.expect("cut off, not waited for");
    assert_eq!(answer.text.len(), KEEP_MAX);
    receiver.reply(Reply::Say(200, vec![("x-long", "x".repeat(100_000))], String::new()));
    assert!(
        matches!(post(&client, &receiver.url("/")).await, Err(Failure::Broken(_))),
        "a head without an end"
    );
    receiver.reply(Reply::Drop);
    assert!(matches!(post(&client, &receiver.url("/")).await, Err(Failure::Broken(_))));
    let port = receiver.port();
    drop(receiver);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(matches!(
        post(&client, &format!("http://127.0.0.1:{port}/")).await,
        Err(Failure::Unreachable(_))
    ));
}

#[tokio::test]
async fn what_strangers_say_is_kept_as_short_plain_text() {
    let said = format!("no\u{0}\u{7}\u{1b}[31m {}", "x".repeat(2_000));
    let receiver = Receiver::start(Reply::Say(503, vec![("retry-after", "120".into())], said)).await;
    let answer = post(&here(), &receiver.url("/")).await.expect("an answer");
    assert_eq!((answer.status.as_u16(), answer.retry_after), (503, Some(120)));
    assert!(answer.text.chars().all(|c| !c.is_control()) && answer.text.chars().count() <= KEEP_MAX);
    receiver.reply(Reply::Say(
        429,
        vec![("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT".into())],
        String::new(),
    ));
    assert_eq!(post(&here(), &receiver.url("/")).await.expect("an answer").retry_after, None);
}

/// TLS is really spoken, under the name that was asked for, and only with a certificate that is trusted.
#[tokio::test]
async fn tls_proves_the_name() {
    let issued = rcgen::generate_simple_self_signed(vec!["hooks.example.com".into()]).expect("a certificate");
    let certificate = issued.cert.der().clone();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(issued.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .expect("a server");
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(server));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if let Ok(mut stream) = acceptor.accept(stream).await
                    && read(&mut stream).await.is_some()
                {
                    let _ = stream.write_all(b"HTTP/1.1 204 Fine\r\n\r\n").await;
                    let _ = stream.shutdown().await;
                }
            });
        }
    });
    let (untrusting, _) = lying(here(), vec![vec!["127.0.0.1"]]);
    let good = format!("https://hooks.example.com:{port}/");
    let refused = post(&untrusting, &good).await.expect_err("nobody vouches for it");
    assert!(refused.to_string().contains("TLS"), "{refused}");
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).expect("a root");
    let mut trusting = untrusting.clone();
    trusting.tls = Arc::new(connect::tls(roots));
    assert_eq!(post(&trusting, &good).await.expect("an answer").status.as_u16(), 204);
    let other = format!("https://other.example.com:{port}/");
    let refused = post(&trusting, &other).await.expect_err("a certificate of another name");
    assert!(refused.to_string().contains("TLS"), "{refused}");
}
