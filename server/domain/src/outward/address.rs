//! Which addresses are out in the open. What is not is refused, whoever asks.
//!
//! The ranges are those of IANA's special-purpose registries (RFC 6890 and later), and the addresses at which cloud
//! machines find their own credentials. IPv6 is judged the other way round: only global unicast is open at all.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A network, like `10.1.0.0/16`; a bare address is a network of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Net {
    base: IpAddr,
    bits: u8,
}

impl Net {
    pub fn contains(self, ip: IpAddr) -> bool {
        match (self.base, ip.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(ip)) => {
                let shift = 32 - u32::from(self.bits);
                base.to_bits().checked_shr(shift) == ip.to_bits().checked_shr(shift)
            }
            (IpAddr::V6(base), IpAddr::V6(ip)) => {
                let shift = 128 - u32::from(self.bits);
                base.to_bits().checked_shr(shift) == ip.to_bits().checked_shr(shift)
            }
            _ => false,
        }
    }
}

impl FromStr for Net {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("“{text}” is not a network like 10.1.0.0/16");
        let (base, bits) = match text.split_once('/') {
            Some((base, bits)) => (base, Some(bits.parse::<u8>().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let base: IpAddr = base.parse().map_err(|_| wrong())?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        match bits.unwrap_or(most) {
            bits if bits <= most => Ok(Self { base, bits }),
            _ => Err(wrong()),
        }
    }
}

/// Ranges of IPv4 that are not out in the open, with what they are.
const V4: &[(Ipv4Addr, u8, &str)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8, "no address of a host"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "inside a carrier’s network"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "this machine itself"),
    (Ipv4Addr::new(168, 63, 129, 16), 32, "a cloud’s metadata service"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local (metadata services live there)"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "reserved"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "for documentation"),
    (Ipv4Addr::new(192, 31, 196, 0), 24, "reserved"),
    (Ipv4Addr::new(192, 52, 193, 0), 24, "reserved"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "a relay to other addresses"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private"),
    (Ipv4Addr::new(192, 175, 48, 0), 24, "reserved"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "for measurements"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "for documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "for documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved"),
];

/// Ranges inside 2000::/3 that are not out in the open, or stand for another address.
const V6: &[(Ipv6Addr, u8, &str)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "reserved or a tunnel to other addresses"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "for documentation"),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, "a tunnel to other addresses"),
    (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48, "reserved"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "for documentation"),
];

/// Why an address is not out in the open; nothing where it is.
pub fn why_not(ip: IpAddr) -> Option<&'static str> {
    match ip.to_canonical() {
        IpAddr::V4(ip) => V4
            .iter()
            .find(|(base, bits, _)| Net { base: (*base).into(), bits: *bits }.contains(ip.into()))
            .map(|(.., why)| *why),
        IpAddr::V6(ip) => {
            // Everything but global unicast: loopback, link-local, unique local, embedded IPv4, multicast.
            if ip.segments()[0] & 0xe000 != 0x2000 {
                return Some("no public address");
            }
            V6.iter()
                .find(|(base, bits, _)| Net { base: (*base).into(), bits: *bits }.contains(ip.into()))
                .map(|(.., why)| *why)
        }
    }
}

/// Names that never lead out.
pub(super) fn judge_name(name: &str) -> Result<(), String> {
    const INSIDE: &[&str] =
        &["localhost", "local", "internal", "intranet", "lan", "home.arpa", "corp", "private"];
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let ends = |suffix: &&str| name == **suffix || name.ends_with(&format!(".{suffix}"));
    if INSIDE.iter().any(ends) || !name.contains('.') {
        return Err(format!("“{name}” is a name inside a network; this server does not talk to it."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(text: &str) -> bool {
        why_not(text.parse().unwrap_or_else(|_| panic!("{text}"))).is_none()
    }

    #[test]
    fn what_lies_inside_is_refused() {
        for inside in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.1.2.3",
            "168.63.129.16",
            "169.254.169.254",
            "169.254.170.2",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:0:7f00:1::",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "3fff::1",
            "4000::1",
            "fc00::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!open(inside), "{inside}");
        }
    }

    #[test]
    fn what_lies_outside_is_not() {
        for outside in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "126.255.255.255",
            "128.0.0.1",
            "172.15.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.255.255",
            "192.169.0.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2a00:1450::1",
        ] {
            assert!(open(outside), "{outside}");
        }
    }

    #[test]
    fn networks_hold_what_they_say() {
        let net: Net = "10.1.0.0/16".parse().expect("a network");
        assert!(
            net.contains("10.1.255.1".parse().expect("ip")) && !net.contains("10.2.0.1".parse().expect("ip"))
        );
        assert!(net.contains("::ffff:10.1.0.9".parse().expect("ip")));
        let one: Net = "127.0.0.1".parse().expect("an address");
        assert!(
            one.contains("127.0.0.1".parse().expect("ip")) && !one.contains("127.0.0.2".parse().expect("ip"))
        );
        let all: Net = "0.0.0.0/0".parse().expect("all");
        assert!(
            all.contains("9.9.9.9".parse().expect("ip")) && !all.contains("2606::1".parse().expect("ip"))
        );
        for wrong in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "a/8", "10.0.0.0/-1"] {
            assert!(wrong.parse::<Net>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_inside_are_refused_by_name() {
        for name in [
            "localhost",
            "a.localhost",
            "printer.local",
            "metadata.google.internal",
            "metadata",
            "db.corp",
            "LOCALHOST.",
        ] {
            assert!(judge_name(name).is_err(), "{name}");
        }
        for name in ["example.com", "localhost.example.com", "internal.example"] {
            assert!(judge_name(name).is_ok(), "{name}");
        }
    }
}
