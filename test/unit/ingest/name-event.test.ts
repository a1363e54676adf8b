// Ids and keys of events, and the headers that records keep.

import { expect, test } from "vitest";
import { isFailure } from "../../../src/common/errors.ts";
import { MAX_INGEST_HEADER_BYTES, MAX_INGEST_HEADERS, MAX_INGEST_ID_LENGTH } from "../../../src/common/limits/ingest.ts";
import { JsonBody } from "../../../src/ingest/json-body.ts";
import { keptHeaders } from "../../../src/ingest/kept-headers.ts";
import { nameEvent } from "../../../src/ingest/name-event.ts";
import { onceKeyOf } from "../../../src/ingest/once-key.ts";
import { PLAIN_CLAIM } from "../../../src/ingest/signature/claim.ts";
import type { SourceConfig } from "../../../src/ingest/source.ts";

const CONFIG: SourceConfig = { scheme: null, toleranceMs: 1, id: "scheme", key: null, dedupWindowMs: 1, dropHeaders: [], query: null };
const bodyOf = (text: string) => new JsonBody(new TextEncoder().encode(text));
const named = (config: Partial<SourceConfig>, headers: Record<string, string>, body = "", claimId: string | null = null) =>
  nameEvent({ ...CONFIG, ...config }, { ...PLAIN_CLAIM, prefix: "", macs: [], id: claimId }, new Headers(headers), bodyOf(body));

test("each scheme's senders have their own place for the id, which is the key where nothing else is", () => {
  expect(named({ scheme: { scheme: "standard" } }, {}, "", "msg_1")).toEqual({ id: "msg_1", key: "msg_1" });
  expect(named({ scheme: { scheme: "github" } }, { "X-GitHub-Delivery": "72d3" })).toEqual({ id: "72d3", key: "72d3" });
  expect(named({ scheme: { scheme: "stripe" } }, {}, '{"id":"evt_1"}')).toEqual({ id: "evt_1", key: "evt_1" });
  expect(named({ scheme: { scheme: "slack" } }, {}, '{"event_id":"Ev1"}')).toEqual({ id: "Ev1", key: "Ev1" });
  expect(named({ scheme: { scheme: "slack" } }, {}, "command=%2Fdeploy")).toEqual({ id: null, key: null });
  expect(named({}, { "x-github-delivery": "1" }, '{"id":"1"}')).toEqual({ id: null, key: null });
});

test("what is configured goes before the scheme's place, and null is no id at all", () => {
  const github = { scheme: { scheme: "github" } } as const;
  const headers = { "x-github-delivery": "72d3", "x-other": "o" };
  const body =
    '{"repository":{"id":7,"full_name":"a/b"},"a/b":{"~":"tilde"},"list":["x","y"],"big":12345678901234567890,"yes":true,"none":null}';
  expect(named({ ...github, id: { header: "x-other" } }, headers, body)).toEqual({ id: "o", key: "o" });
  expect(named({ ...github, id: null }, headers, body)).toEqual({ id: null, key: null });
  const keyAt = (pointer: string) => (named({ ...github, key: { pointer } }, headers, body) as { key: string }).key;
  expect(["/repository/full_name", "/repository/id", "/a~1b/~0", "/list/1", "/yes"].map(keyAt)).toEqual(["a/b", "7", "tilde", "y", "true"]);
  expect(["/repository", "/list", "/big", "/none", "/missing", "/list/length", "/constructor", "/repository/id/x"].map(keyAt)).toEqual(
    Array(8).fill("72d3"),
  );
});

test("an id that is too long is refused by its length", () => {
  const refused = named({ id: { pointer: "/id" } }, {}, JSON.stringify({ id: "x".repeat(MAX_INGEST_ID_LENGTH + 1) }));
  expect(isFailure(refused) && refused.detail).toContain(`${MAX_INGEST_ID_LENGTH + 1} characters`);
  expect(named({ id: { pointer: "/id" } }, {}, JSON.stringify({ id: "x".repeat(MAX_INGEST_ID_LENGTH) }))).toMatchObject({
    key: expect.stringMatching(/^x+$/),
  });
});

test("two sources never mean the same event by an id", async () => {
  const [a, again, b] = await Promise.all([onceKeyOf("a", "1", 5), onceKeyOf("a", "1", 5), onceKeyOf("b", "1", 5)]);
  expect(a).toEqual({ digest: expect.stringMatching(/^[0-9a-f]{32}$/), windowMs: 5 });
  expect(again).toEqual(a);
  expect(b.digest).not.toBe(a.digest);
});

test("a record keeps what the sender said of the event: no credentials, nothing of the connection or of the platform", () => {
  const headers = new Headers({
    ...{
      "X-GitHub-Event": "push",
      "Content-Type": "application/json",
      "User-Agent": "GitHub-Hookshot/1",
      "X-Hub-Signature-256": "sha256=00",
    },
    ...{ Authorization: "Bearer secret", Cookie: "a=b", "Proxy-Authorization": "x", "X-API-Key": "k", "X-Gitlab-Token": "t" },
    ...{
      Connection: "close, X-Hop",
      "X-Hop": "1",
      "Keep-Alive": "1",
      Host: "h",
      "Content-Length": "3",
      "Transfer-Encoding": "chunked",
      TE: "trailers",
    },
    ...{ "CF-Ray": "1", "CF-Connecting-IP": "1.2.3.4", "X-Forwarded-For": "1", "X-Real-IP": "1", "CDN-Loop": "1", Via: "1" },
    ...{ "Sluice.Source": "somebody else", "X-Internal": "drop me" },
  });
  headers.append("X-Many", "a");
  headers.append("X-Many", "b");
  expect(keptHeaders(headers, ["x-internal"])).toEqual([
    { key: "content-type", value: "application/json" },
    { key: "user-agent", value: "GitHub-Hookshot/1" },
    { key: "x-github-event", value: "push" },
    { key: "x-hub-signature-256", value: "sha256=00" },
    { key: "x-many", value: "a, b" },
  ]);
});

test("headers have a bound in number and in bytes", () => {
  const many = new Headers(Array.from({ length: MAX_INGEST_HEADERS + 1 }, (_, index): [string, string] => [`x-${index}`, "v"]));
  expect(keptHeaders(many, [])).toMatchObject({
    error: "INVALID_RECORD",
    detail: expect.stringContaining(`${MAX_INGEST_HEADERS + 1} headers`),
  });
  expect(keptHeaders(many, ["x-0"])).toHaveLength(MAX_INGEST_HEADERS);
  const long = new Headers({ "x-long": "v".repeat(MAX_INGEST_HEADER_BYTES - "x-long".length) });
  expect(keptHeaders(long, [])).toHaveLength(1);
  long.set("y", "");
  expect(keptHeaders(long, [])).toMatchObject({ error: "INVALID_RECORD" });
});
