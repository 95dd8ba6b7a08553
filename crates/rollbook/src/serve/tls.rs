//! TLS: certificate and key from PEM files, TLS 1.2 and newer, HTTP/2 where the other end can.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rollbook_engine::{Error, Result};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// The certificate in use. It can be read again while connections go on.
#[derive(Debug)]
pub(crate) struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    now: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    /// Reads both files.
    ///
    /// # Errors
    /// When one cannot be read or they do not belong together.
    pub(crate) fn load(certificate: PathBuf, key: PathBuf) -> Result<Self> {
        let now = RwLock::new(configured(&certificate, &key)?);
        Ok(Self { certificate, key, now })
    }

    /// Reads both files again; what was in use stays in use where that fails.
    ///
    /// # Errors
    /// As [`Tls::load`].
    pub(crate) fn reload(&self) -> Result<()> {
        let new = configured(&self.certificate, &self.key)?;
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    /// For the next connection.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner)).into()
    }
}

fn configured(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>> {
    let unreadable = |path: &Path, e: rustls::pki_types::pem::Error| {
        Error::setup(format!("The file {} cannot be used for TLS: {e}.", path.display()))
            .hint("Both files are PEM: the certificate with its chain, and its private key.")
            .because(e)
    };
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|e| unreadable(certificate, e))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|e| unreadable(key, e))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let built = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private));
    let mut config = built.map_err(|e| {
        Error::setup(format!(
            "The certificate {} and the key {} cannot be used together: {e}.",
            certificate.display(),
            key.display()
        ))
        .hint("Take both from the same order, with the whole chain in the certificate's file.")
        .because(e)
    })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
