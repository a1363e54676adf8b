// Where webhooks may go: nowhere but to public addresses, however others are spelt.

import { expect, test } from "vitest";
import { checkEndpointUrl, type EndpointRules } from "../../../src/subscription/endpoint-url.ts";

const rules: EndpointRules = { allowPrivate: false, hasBinding: (name) => name === "RECEIVER" };

const PUBLIC = [
  "https://example.com/hook",
  "https://example.com:8443/hook?a=b",
  "https://93.184.216.34/",
  "https://[2606:4700::1111]/",
  "https://172.32.0.1/",
  "https://100.128.0.1/",
  "https://localhost.example.com/",
  "https://xn--bcher-kva.example/",
];

const PRIVATE_HOSTS = [
  "127.0.0.1",
  "127.1",
  "2130706433", // 127.0.0.1 in decimal
  "0x7f000001",
  "0x7f.1",
  "0177.0.0.1",
  "017700000001",
  "127.0.0.1.",
  "１２７.0.0.1", // full-width digits
  "0.0.0.0",
  "0",
  "10.1.2.3",
  "100.64.0.1",
  "169.254.169.254", // metadata services
  "0xa9fea9fe",
  "172.16.0.1",
  "172.31.255.255",
  "192.0.0.192",
  "192.168.1.1",
  "198.19.0.1",
  "224.0.0.1",
  "239.255.255.255",
  "240.0.0.1",
  "255.255.255.255",
  "[::]",
  "[::1]",
  "[0:0:0:0:0:0:0:1]",
  "[::127.0.0.1]",
  "[::ffff:127.0.0.1]",
  "[::ffff:a9fe:a9fe]",
  "[::ffff:0:127.0.0.1]",
  "[64:ff9b::7f00:1]",
  "[64:ff9b:1::1]",
  "[100::1]",
  "[2001::1]",
  "[2002:7f00:1::]",
  "[fc00::1]",
  "[fd12:3456::1]",
  "[fe80::1]",
  "[febf::1]",
  "[fec0::1]",
  "[ff02::1]",
  "localhost",
  "LOCALHOST",
  "localhost.",
  "a.localhost",
  "printer.local",
  "metadata.google.internal",
  "router",
  "router.lan",
  "nas.home.arpa",
];

test.each(PUBLIC)("%s may be called", (url) => expect(checkEndpointUrl(url, rules)).toBeNull());

test.each(PRIVATE_HOSTS)("https://%s may not, unless private addresses are allowed", (host) => {
  const refused = checkEndpointUrl(`https://${host}/`, rules);
  expect(refused?.error).toBe("INVALID_REQUEST");
  expect(refused?.detail).toContain("SLUICE_ALLOW_PRIVATE_WEBHOOKS");
  expect(checkEndpointUrl(`http://${host}/`, { ...rules, allowPrivate: true })).toBeNull();
});

test.each([
  "http://example.com/",
  "ftp://example.com/",
  "javascript:1",
  "//example.com",
  "example.com",
  "",
  "https://",
  "https://[fe80::1%25eth0]/",
])("%j is refused", (url) => expect(checkEndpointUrl(url, rules)?.error).toBe("INVALID_REQUEST"));

test("credentials are refused, whatever is allowed", () => {
  for (const url of ["https://user:pass@example.com/", "https://user@example.com/"]) {
    expect(checkEndpointUrl(url, { ...rules, allowPrivate: true })?.detail).toContain("credentials");
  }
});

test("a binding is called by its name, if there is one", () => {
  expect(checkEndpointUrl("binding:RECEIVER/hook?a=1", rules)).toBeNull();
  expect(checkEndpointUrl("binding:RECEIVER", rules)).toBeNull();
  expect(checkEndpointUrl("binding:OTHER/", rules)?.detail).toContain("OTHER");
});
