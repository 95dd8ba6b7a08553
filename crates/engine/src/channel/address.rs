//! Which network addresses an instance may be reached at.
//!
//! A base URL is data that somebody typed, so it must not become a way into our own network. The
//! judgement is made twice: on what is written, when the channel is made, and on the addresses
//! actually connected to, for every new connection, by the resolver that the client uses.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// What kind of place an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Anywhere on the internet.
    Public,
    /// This machine or a private network: allowed only where the instance says so.
    Private,
    /// No vendor can be there: unspecified, link-local (the metadata service of clouds), multicast,
    /// documentation, reserved.
    Never,
}

/// The kind of place `address` is. IPv4 inside IPv6 (mapped, NAT64, 6to4) is judged as IPv4.
pub fn place(address: IpAddr) -> Place {
    match address {
        IpAddr::V4(v4) => place_v4(v4),
        IpAddr::V6(v6) => embedded_v4(v6).map_or_else(|| place_v6(v6), place_v4),
    }
}

fn place_v4(address: Ipv4Addr) -> Place {
    match address.octets() {
        [127 | 10, ..] | [192, 168, ..] | [172, 16..=31, ..] | [100, 64..=127, ..] => {
            Place::Private
        }
        [0 | 224..=255, ..]
        | [169, 254, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => Place::Never,
        _ => Place::Public,
    }
}

fn place_v6(address: Ipv6Addr) -> Place {
    if address.is_loopback() {
        return Place::Private;
    }
    match address.segments() {
        [0xfc00..=0xfdff, ..] => Place::Private,
        [0x2001, 0x0db8 | 0, ..] => Place::Never,
        [0x2000..=0x3fff, ..] => Place::Public,
        _ => Place::Never,
    }
}

/// The IPv4 address that an IPv6 address stands for.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let joined = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Some(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            joined(high, low)
        }
        [0x2002, high, low, ..] => joined(high, low),
        _ => None,
    }
}

/// Which places a connection may go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// Private networks and this machine, because the instance says `allow_private = true`.
    pub private: bool,
    /// The internet. Not over plain `http`, where the token could be read on the way.
    pub public: bool,
}

impl Allowed {
    /// Whether `address` may be connected to.
    pub fn permits(self, address: IpAddr) -> bool {
        match place(address) {
            Place::Public => self.public,
            Place::Private => self.private,
            Place::Never => false,
        }
    }
}

/// A name led to an address that may not be connected to. Says nothing about what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForbiddenAddress;

impl fmt::Display for ForbiddenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name leads to an address that this instance may not reach")
    }
}

impl std::error::Error for ForbiddenAddress {}

/// Resolves names and refuses the whole answer when one address in it may not be reached, so that
/// the address judged is the address connected to.
#[derive(Clone, Copy, Debug)]
pub struct GuardedResolver(pub Allowed);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.0;
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.iter().any(|address| !allowed.permits(address.ip())) {
                return Err(ForbiddenAddress.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(places: &[(&str, Place)]) {
        for (text, expected) in places {
            let address: IpAddr = text.parse().unwrap();
            assert_eq!(place(address), *expected, "{text}");
        }
    }

    #[test]
    fn the_internet_is_public() {
        check(&[
            ("8.8.8.8", Place::Public),
            ("172.32.0.1", Place::Public),
            ("100.128.0.1", Place::Public),
            ("2606:4700::1", Place::Public),
            ("::ffff:8.8.8.8", Place::Public),
            ("64:ff9b::808:808", Place::Public),
        ]);
    }

    #[test]
    fn private_networks_are_private_in_every_disguise() {
        check(&[
            ("127.0.0.1", Place::Private),
            ("127.255.255.254", Place::Private),
            ("10.0.0.1", Place::Private),
            ("172.16.0.1", Place::Private),
            ("192.168.1.1", Place::Private),
            ("100.64.0.1", Place::Private),
            ("::1", Place::Private),
            ("fd00::1", Place::Private),
            ("::ffff:127.0.0.1", Place::Private),
            ("64:ff9b::7f00:1", Place::Private),
            ("2002:7f00:1::", Place::Private),
        ]);
    }

    #[test]
    fn where_no_vendor_can_be_is_never_reached() {
        check(&[
            ("0.0.0.0", Place::Never),
            ("169.254.169.254", Place::Never),
            ("::ffff:169.254.169.254", Place::Never),
            ("224.0.0.1", Place::Never),
            ("255.255.255.255", Place::Never),
            ("198.18.0.1", Place::Never),
            ("::", Place::Never),
            ("fe80::1", Place::Never),
            ("ff02::1", Place::Never),
            ("2001:db8::1", Place::Never),
            ("2001::1", Place::Never),
            ("::127.0.0.1", Place::Never),
        ]);
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_refused_at_connect() {
        let guard = |private| GuardedResolver(Allowed { private, public: true });
        let name = || "localhost".parse::<Name>().unwrap();
        let refused = guard(false).resolve(name()).await.err().unwrap();
        assert!(refused.downcast_ref::<ForbiddenAddress>().is_some());
        assert!(guard(true).resolve(name()).await.is_ok());
    }
}
