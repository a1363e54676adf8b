// Which IP addresses a webhook may not have: everything that is not globally reachable by the IANA special-purpose registries (RFC 6890),
// and multicast. IPv6 forms that carry an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo) are refused whole: none of them is how a
// server is reached, and all of them are ways around a check of the address inside.
//
// Addresses come as a URL's host has them (WHATWG URL): IPv4 in whatever spelling is dotted decimal by then, IPv6 in brackets.

type Range = readonly [prefix: string, bits: number];

const IPV4: readonly Range[] = [
  ["0.0.0.0", 8], // this network
  ["10.0.0.0", 8], // private
  ["100.64.0.0", 10], // carrier-grade NAT
  ["127.0.0.0", 8], // loopback
  ["169.254.0.0", 16], // link-local, and clouds' metadata services
  ["172.16.0.0", 12], // private
  ["192.0.0.0", 24], // IETF protocol assignments
  ["192.0.2.0", 24], // documentation
  ["192.88.99.0", 24], // 6to4 relays
  ["192.168.0.0", 16], // private
  ["198.18.0.0", 15], // benchmarks
  ["198.51.100.0", 24], // documentation
  ["203.0.113.0", 24], // documentation
  ["224.0.0.0", 4], // multicast
  ["240.0.0.0", 4], // reserved, and broadcast
];

const IPV6: readonly Range[] = [
  ["::", 96], // unspecified, loopback, IPv4-compatible
  ["::ffff:0:0", 96], // IPv4-mapped
  ["::ffff:0:0:0", 96], // IPv4-translated
  ["64:ff9b::", 96], // NAT64
  ["64:ff9b:1::", 48], // local NAT64
  ["100::", 64], // discard
  ["2001::", 23], // Teredo and other protocol assignments
  ["2001:db8::", 32], // documentation
  ["2002::", 16], // 6to4
  ["3fff::", 20], // documentation
  ["5f00::", 16], // segment routing
  ["fc00::", 7], // unique local
  ["fe80::", 10], // link-local
  ["fec0::", 10], // site-local
  ["ff00::", 8], // multicast
];

/** Whether a URL's hostname is an address that must not be called. false: it is a name, or an address that may. */
export function isForbiddenAddress(hostname: string): boolean {
  if (hostname.startsWith("[")) return isWithin(ipv6Bits(hostname.slice(1, -1)), 128, IPV6, ipv6Bits);
  return /^\d+(\.\d+){3}$/.test(hostname) && isWithin(ipv4Bits(hostname), 32, IPV4, ipv4Bits);
}

/** The ranges as workerd's `deny` and other tools take them, besides those that they know as private. */
export const FORBIDDEN_RANGES: readonly string[] = [...IPV4, ...IPV6].map(([prefix, bits]) => `${prefix}/${bits}`);

function isWithin(address: bigint, width: number, ranges: readonly Range[], parse: (text: string) => bigint): boolean {
  return ranges.some(([prefix, bits]) => (address ^ parse(prefix)) >> BigInt(width - bits) === 0n);
}

function ipv4Bits(text: string): bigint {
  return text.split(".").reduce((bits, byte) => (bits << 8n) | BigInt(byte), 0n);
}

/** @param text groups in hexadecimal, with at most one `::` */
function ipv6Bits(text: string): bigint {
  const [before = "", after] = text.split("::");
  const groups = (part: string): string[] => (part === "" ? [] : part.split(":"));
  const [first, last] = [groups(before), groups(after ?? "")];
  const zeros: string[] = Array(8 - first.length - last.length).fill("0");
  return [...first, ...zeros, ...last].reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}
