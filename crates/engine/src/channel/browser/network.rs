//! What a browser may reach: the origins of its one instance at the addresses that were judged, and
//! nothing else.

use std::net::SocketAddr;

use crate::channel::address::Allowed;
use crate::channel::http::judge_base_url;

/// Host names that the browser resolves, each to one judged address; everything else is not found, so
/// that no page can lead it elsewhere, and no name can lead it somewhere else later.
///
/// # Errors
/// Why an origin may not be reached, as a sentence without its end.
pub(super) async fn rules(origins: &[String], private: bool) -> Result<String, String> {
    let mut rules = Vec::new();
    for origin in origins {
        let (url, allowed) =
            judge_base_url(origin, private).map_err(|(what, _)| format!("{origin}: {what}"))?;
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(format!("{origin} names no host"));
        };
        let address =
            resolve(host, port, allowed).await.map_err(|why| format!("{origin}: {why}"))?;
        rules.push(format!("MAP {host}:{port} {address}"));
    }
    rules.push("MAP * ~NOTFOUND".to_owned());
    Ok(rules.join(", "))
}

/// The first address of a host, if all of them may be reached.
async fn resolve(host: &str, port: u16, allowed: Allowed) -> Result<SocketAddr, String> {
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let found = tokio::net::lookup_host((name, port)).await;
    let found: Vec<SocketAddr> = found.map_err(|_| "the name is not found".to_owned())?.collect();
    if found.iter().any(|address| !allowed.permits(address.ip())) {
        return Err("the name leads to an address that this instance may not reach".to_owned());
    }
    // Chromium prefers what the machine can surely reach.
    let best = found.iter().find(|address| address.is_ipv4()).or_else(|| found.first());
    best.copied().ok_or_else(|| "the name leads nowhere".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_is_pinned_to_its_address_and_all_else_is_not_found() {
        let origins = ["http://127.0.0.1:8098".to_owned(), "http://localhost:9".to_owned()];
        assert_eq!(
            rules(&origins, true).await.as_deref(),
            Ok("MAP 127.0.0.1:8098 127.0.0.1:8098, MAP localhost:9 127.0.0.1:9, MAP * ~NOTFOUND")
        );
    }

    #[tokio::test]
    async fn what_may_not_be_reached_is_no_rule() {
        for origin in
            ["https://127.0.0.1", "http://app.example.com", "https://169.254.169.254", "ftp://x"]
        {
            assert!(rules(&[origin.to_owned()], false).await.is_err(), "{origin}");
        }
        assert!(rules(&["https://localhost".to_owned()], false).await.is_err());
        assert!(rules(&["https://169.254.169.254".to_owned()], true).await.is_err());
    }
}
