// Pages of other origins: what browsers ask, and what they are told.

import { expect, test } from "vitest";
import { parseAllowedOrigins } from "../../../../src/common/allowed-origins.ts";
import { type TestApp, testApp } from "../../../support/http.ts";

const SHOP = "https://shop.example";
const EVIL = "https://evil.example";
const BEARER = { authorization: "Bearer s3cret" };
const BASIC = { authorization: `Basic ${btoa("admin:s3cret")}` };

const secured = (origins: string) => testApp({ open: false, adminToken: "s3cret", origins: parseAllowedOrigins(origins) });
const open = (origins = "") => testApp({ origins: parseAllowedOrigins(origins) });

function preflight(app: TestApp, origin: string, path = "/v1/topics/t/records"): Promise<Response> {
  const asked = { "access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type,x-header-a" };
  return app.request(path, { method: "OPTIONS", headers: { origin, ...asked } });
}

const mayRead = (response: Response) => response.headers.get("access-control-allow-origin");

test("a preflight of an allowed page is answered without a token: methods, the headers it asked for, for a while", async () => {
  const response = await preflight(secured(SHOP), SHOP);
  expect(response.status).toBe(204);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "access-control-allow-origin": SHOP,
    "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
    "access-control-allow-headers": "authorization,content-type,x-header-a",
    "access-control-max-age": "7200",
    vary: "origin",
  });
  expect(response.headers.get("access-control-allow-credentials")).toBeNull();
});

test("an allowed page reads answers, problems and headers; others read nothing", async () => {
  const app = secured(SHOP);
  const fine = await app.get("/v1/cluster", { origin: SHOP, ...BEARER });
  expect([fine.status, mayRead(fine), fine.headers.get("access-control-expose-headers")]).toEqual([200, SHOP, "*"]);
  const refused = await app.get("/v1/cluster", { origin: SHOP });
  expect([refused.status, mayRead(refused)]).toEqual([401, SHOP]);
  const lost = await app.get("/nowhere", { origin: SHOP, ...BEARER });
  expect([lost.status, mayRead(lost)]).toEqual([404, SHOP]);
  for (const origin of [EVIL, "null", `${SHOP}:8443`, "http://shop.example", "http://localhost:5173"]) {
    expect(mayRead(await app.get("/v1/cluster", { origin, ...BEARER }))).toBeNull();
    const asked = await preflight(app, origin);
    expect([asked.status, mayRead(asked)]).toEqual([403, null]);
    expect(((await asked.json()) as { detail: string }).detail).toContain("SLUICE_ALLOWED_ORIGINS");
  }
});

test("* allows every page where there is a token, and none where there is not", async () => {
  expect(mayRead(await secured("*").get("/v1/cluster", { origin: EVIL, ...BEARER }))).toBe(EVIL);
  expect((await preflight(secured("*"), EVIL)).status).toBe(204);
  expect(mayRead(await open("*").get("/v1/cluster", { origin: EVIL }))).toBeNull();
  expect((await preflight(open("*"), EVIL)).status).toBe(403);
});

test("an open broker lets pages of its own machine read, and those that are named", async () => {
  for (const origin of ["http://localhost:5173", "http://127.0.0.1:1", "https://[::1]:8443"]) {
    expect((await preflight(open(), origin)).status).toBe(204);
    expect(mayRead(await open().get("/v1/cluster", { origin, "sec-fetch-site": "cross-site" }))).toBe(origin);
  }
  expect((await preflight(open(), SHOP)).status).toBe(403);
  expect((await preflight(open(SHOP), SHOP)).status).toBe(204);
  const write = (app: TestApp, headers: Record<string, string>) => app.send("POST", "/v1/topics", { name: "t" }, headers);
  const site = { "sec-fetch-site": "cross-site" };
  expect((await write(open(), { origin: SHOP, ...site })).status).toBe(403);
  expect((await write(open(SHOP), { origin: SHOP, ...site })).status).toBe(201);
  expect((await write(open(SHOP), { origin: SHOP, host: "rebound.example" })).status).toBe(403);
});

test("what a browser sends by itself, Basic credentials and sockets, counts from no foreign page", async () => {
  const app = secured(SHOP);
  const write = async (headers: Record<string, string>) =>
    (await app.send("POST", "/v1/topics?validateOnly=true", { name: "t" }, headers)).status;
  expect(await write({ ...BASIC, origin: EVIL })).toBe(403);
  expect(await write({ ...BASIC, "sec-fetch-site": "cross-site" })).toBe(403);
  expect(await write({ ...BASIC, origin: SHOP })).toBe(200);
  expect(await write({ ...BASIC, origin: "https://localhost" })).toBe(200); // the broker's own page
  expect(await write({ ...BASIC, origin: "https://proxy.example", "sec-fetch-site": "same-origin" })).toBe(200);
  expect(await write(BASIC)).toBe(200);
  expect(await write({ ...BEARER, origin: EVIL })).toBe(200); // a gateway that passes a browser's headers on

  const upgrade = async (headers: Record<string, string>) =>
    (await app.get("/v1/topics/t/tail?access_token=s3cret", { upgrade: "other", ...headers })).status;
  expect([await upgrade({ origin: EVIL }), await upgrade({ origin: EVIL, ...BASIC })]).toEqual([403, 403]);
  expect([await upgrade({}), await upgrade({ origin: SHOP }), await upgrade({ origin: "http://localhost" })]).toEqual([426, 426, 426]);
  expect(await upgrade({ origin: EVIL, ...BEARER })).toBe(426); // no browser can send that: a gateway
});

test("a closed broker answers no preflight, and OPTIONS that is none is refused", async () => {
  expect((await preflight(testApp({ open: false, adminToken: "", origins: parseAllowedOrigins("*") }), SHOP)).status).toBe(503);
  const plain = await secured(SHOP).request("/v1/cluster", { method: "OPTIONS", headers: { origin: SHOP } });
  expect([plain.status, plain.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
});
