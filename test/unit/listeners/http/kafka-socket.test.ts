// GET /kafka: who is let in, and what the connection is opened with.

import { expect, test } from "vitest";
import { testApp } from "../../../support/http.ts";

const UPGRADE = { upgrade: "websocket" };
const CLOSED = { open: false, adminToken: "sesame" };

test("with a token the connection is authenticated, without one it is not", async () => {
  const app = testApp(CLOSED);
  await app.get("/kafka", { ...UPGRADE, authorization: "Bearer sesame" });
  await app.get("/kafka", { ...UPGRADE, authorization: `Basic ${btoa("any:sesame")}` });
  await app.get("/kafka", UPGRADE);
  expect(app.opened.map(({ identity }) => identity?.principal)).toEqual(["User:admin", "User:admin", undefined]);
});

test("a token that is not valid opens nothing", async () => {
  const app = testApp(CLOSED);
  const response = await app.get("/kafka", { ...UPGRADE, authorization: "Bearer other" });
  expect(response.status).toBe(401);
  expect(app.opened).toEqual([]);
});

test("a broker without its token is closed, an open one asks for none, but takes no foreign page", async () => {
  expect((await testApp({ open: false }).get("/kafka", UPGRADE)).status).toBe(503);
  const app = testApp();
  await app.get("/kafka", UPGRADE);
  expect(app.opened).toMatchObject([{ identity: { principal: "User:ANONYMOUS" }, advertised: null, subprotocol: null }]);
  const foreign = await app.get("/kafka", { ...UPGRADE, origin: "https://elsewhere.example" });
  expect(foreign.status).toBe(403);
});

test("the address that a tunnel gives is what its clients are told", async () => {
  const app = testApp();
  await app.get("/kafka", { ...UPGRADE, "sluice-advertised-listener": "127.0.0.1:9092", "sec-websocket-protocol": "other, kafka" });
  expect(app.opened).toMatchObject([{ advertised: { host: "127.0.0.1", port: 9092 }, subprotocol: "kafka" }]);
});

test.each([
  ["no upgrade", {}, 426, "Upgrade: websocket"],
  ["another subprotocol", { ...UPGRADE, "sec-websocket-protocol": "mqtt" }, 400, "Sec-WebSocket-Protocol"],
  ["no address", { ...UPGRADE, "sluice-advertised-listener": "nowhere" }, 400, "sluice-advertised-listener"],
  ["an address that is more", { ...UPGRADE, "sluice-advertised-listener": "a:1, b:2" }, 400, "sluice-advertised-listener"],
])("%s is refused, and named", async (_, headers, status, words) => {
  const app = testApp();
  const response = await app.get("/kafka", headers);
  expect(response.status).toBe(status);
  expect(((await response.json()) as { detail: string }).detail).toContain(words);
  expect(app.opened).toEqual([]);
});
