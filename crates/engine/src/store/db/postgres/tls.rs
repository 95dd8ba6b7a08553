//! TLS to a Postgres server: rustls with ring, as everywhere else, and the certificate is always
//! checked against the server's name.

use std::fmt;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::Socket;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};

use crate::error::{Error, Result};

/// What is needed to encrypt connections, where they are.
#[derive(Clone)]
pub(super) struct Tls(Option<Arc<ClientConfig>>);

impl Tls {
    /// Encrypts nothing.
    pub(super) fn none() -> Self {
        Self(None)
    }

    /// Trusts the authorities in the file `ca`, or those that the system trusts.
    pub(super) fn new(ca: Option<&Path>) -> Result<Self> {
        let unusable = |cause: rustls::Error| {
            Error::setup("The certificates that this system trusts cannot be read.")
                .hint("Name your authority's certificate with `ca_file` under `[store]`.")
                .because(cause)
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(unusable)?;
        let builder = match ca {
            Some(path) => builder.with_root_certificates(roots(path)?),
            None => builder.with_platform_verifier().map_err(unusable)?,
        };
        Ok(Self(Some(Arc::new(builder.with_no_client_auth()))))
    }
}

fn roots(path: &Path) -> Result<RootCertStore> {
    let unusable = |why: &str| {
        Error::setup(format!("The certificate file {} cannot be used: {why}.", path.display()))
            .hint("`ca_file` under `[store]` names your authority's certificate in PEM form.")
    };
    let mut roots = RootCertStore::empty();
    let read = CertificateDer::pem_file_iter(path).map_err(|e| unusable(&e.to_string()))?;
    for certificate in read {
        let certificate = certificate.map_err(|e| unusable(&e.to_string()))?;
        roots.add(certificate).map_err(|e| unusable(&e.to_string()))?;
    }
    match roots.is_empty() {
        true => Err(unusable("it holds no certificate")),
        false => Ok(roots),
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

impl MakeTlsConnect<Socket> for Tls {
    type Stream = Encrypted;
    type TlsConnect = Connect;
    type Error = io::Error;

    fn make_tls_connect(&mut self, host: &str) -> io::Result<Connect> {
        Ok(Connect { tls: self.0.clone(), host: host.to_owned() })
    }
}

/// One connection about to be encrypted.
pub(super) struct Connect {
    tls: Option<Arc<ClientConfig>>,
    host: String,
}

impl TlsConnect<Socket> for Connect {
    type Stream = Encrypted;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Encrypted>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        Box::pin(async move {
            let name = ServerName::try_from(self.host).map_err(io::Error::other)?;
            let tls = self.tls.ok_or_else(|| io::Error::other("no encryption was set up"))?;
            let connector = tokio_rustls::TlsConnector::from(tls);
            Ok(Encrypted(connector.connect(name, socket).await?))
        })
    }
}

/// An encrypted connection.
pub(super) struct Encrypted(tokio_rustls::client::TlsStream<Socket>);

impl TlsStream for Encrypted {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
