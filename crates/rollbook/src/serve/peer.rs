//! Who is at the other end: the address and the name under which we were called.
//!
//! `X-Forwarded-*` counts only where the connection comes from a proxy that the administrator
//! named; anybody else may write whatever they like there.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use hyper::HeaderMap;
use hyper::header::HOST;

/// A network whose machines may speak for others: `10.0.0.0/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    address: IpAddr,
    bits: u32,
}

/// Why a text is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoNetwork;

impl fmt::Display for NoNetwork {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("write an address such as 10.0.0.5, or a network such as 10.0.0.0/8")
    }
}

impl std::error::Error for NoNetwork {}

impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
        let address: IpAddr = address.parse().map_err(|_| NoNetwork)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), |bits| bits.parse().map_err(|_| NoNetwork))?;
        if bits > most { Err(NoNetwork) } else { Ok(Self { address, bits }) }
    }
}

impl Network {
    /// Whether `address` lies in it.
    fn holds(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let mask = u32::MAX.checked_shl(32 - self.bits).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let mask = u128::MAX.checked_shl(128 - self.bits).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            _ => false,
        }
    }
}

/// The other end of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// Whose request it is.
    pub(crate) address: IpAddr,
    /// The scheme and authority that the caller used, such as `https://scim.example.com`.
    pub(crate) origin: String,
    /// Whether a trusted proxy handed the request on.
    pub(crate) is_forwarded: bool,
}

impl Peer {
    /// From the connection's address and the request's headers.
    pub(crate) fn of(
        connected: IpAddr,
        is_tls: bool,
        authority: Option<&str>,
        headers: &HeaderMap,
        proxies: &[Network],
    ) -> Self {
        let is_forwarded = is_trusted(connected, proxies);
        let said = |name: &str| {
            let text = headers.get(name).filter(|_| is_forwarded)?.to_str().ok()?;
            // The proxy nearest to us wrote last.
            text.rsplit(',').map(str::trim).find(|text| !text.is_empty())
        };
        let https = said("x-forwarded-proto").map_or(is_tls, |scheme| scheme == "https");
        let host = said("x-forwarded-host")
            .or(authority)
            .or_else(|| headers.get(HOST)?.to_str().ok())
            .filter(|host| is_host(host))
            .unwrap_or("localhost");
        let origin = format!("{}://{host}", if https { "https" } else { "http" });
        let address = if is_forwarded { forwarded(connected, headers, proxies) } else { connected };
        Self { address, origin, is_forwarded }
    }
}

fn is_trusted(address: IpAddr, proxies: &[Network]) -> bool {
    proxies.iter().any(|network| network.holds(address))
}

/// The nearest address in `X-Forwarded-For` that is no proxy of ours.
fn forwarded(connected: IpAddr, headers: &HeaderMap, proxies: &[Network]) -> IpAddr {
    let lines: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok()).collect();
    let hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
    let mut nearest = connected;
    for hop in hops {
        let Ok(address) = hop.trim().parse() else { break };
        nearest = address;
        if !is_trusted(address, proxies) {
            break;
        }
    }
    nearest
}

/// Whether a text can stand in a URL as host and port.
fn is_host(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 255
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_:[]".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(connected: &str, headers: &[(&'static str, &str)], proxies: &[&str]) -> String {
        let map = headers.iter().map(|(name, value)| {
            let name = hyper::header::HeaderName::from_static(name);
            (name, value.parse().expect("a value"))
        });
        let headers: HeaderMap = map.collect();
        let proxies: Vec<Network> =
            proxies.iter().map(|text| text.parse().expect("a network")).collect();
        let connected = connected.parse().expect("an address");
        let peer = Peer::of(connected, false, None, &headers, &proxies);
        format!("{} {}", peer.address, peer.origin)
    }

    #[test]
    fn a_stranger_speaks_for_itself_whatever_it_says() {
        let headers = [
            ("host", "scim.example.com"),
            ("x-forwarded-for", "198.51.100.1"),
            ("x-forwarded-proto", "https"),
        ];
        assert_eq!(peer("192.0.2.7", &headers, &[]), "192.0.2.7 http://scim.example.com");
        assert_eq!(
            peer("10.1.2.3", &headers, &["10.0.0.0/8"]),
            "198.51.100.1 https://scim.example.com"
        );
    }

    #[test]
    fn what_stands_before_the_first_stranger_was_written_by_the_stranger() {
        let headers = [("x-forwarded-for", "1.1.1.1, 198.51.100.1, 10.9.9.9")];
        assert_eq!(peer("10.1.2.3", &headers, &["10.0.0.0/8"]), "198.51.100.1 http://localhost");
        let odd = [("x-forwarded-for", "x, 10.9.9.9"), ("host", "a\"b")];
        assert_eq!(peer("10.1.2.3", &odd, &["10.0.0.0/8"]), "10.9.9.9 http://localhost");
    }

    #[test]
    fn networks_are_read_with_and_without_a_length() {
        for good in ["10.0.0.0/8", "::1", "0.0.0.0/0", "2001:db8::/32", "192.0.2.7"] {
            assert!(good.parse::<Network>().is_ok(), "{good}");
        }
        for bad in ["", "10.0.0.0/33", "10.0.0/8", "::1/129", "10.0.0.0/-1"] {
            assert_eq!(bad.parse::<Network>(), Err(NoNetwork), "{bad}");
        }
        let all: Network = "0.0.0.0/0".parse().expect("a network");
        assert!(all.holds("203.0.113.9".parse().expect("an address")));
        assert!(!all.holds("::1".parse().expect("an address")));
    }
}
