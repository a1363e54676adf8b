// Whatever comes in, what goes out is documented: a status that the operation lists, with a body that fits its schema; a problem from 400
// on; never a 5xx but the documented 501 and, for a broker that is closed, 503.

import fc from "fast-check";
import { pack, unpack } from "msgpackr";
import { beforeAll, expect, test, vi } from "vitest";
import type { Operation } from "../../../../src/contract/operation.ts";
import { problem } from "../../../../src/contract/problem.ts";
import { ROUTES } from "../../../../src/listeners/http/routes.ts";
import { appWithTopic, produceN, type TestApp } from "../../../support/http.ts";
import { encodePlainBatch } from "../../../support/plain-batches.ts";

let app: TestApp;

beforeAll(async () => {
  app = await appWithTopic();
  await produceN(app, 3);
});

const EXPECTED_5XX = [501];

const words = [
  "orders",
  "none",
  "billing",
  "0",
  "1",
  "9",
  "-1",
  "earliest",
  "latest",
  "true",
  "json",
  "..",
  "%",
  "%2F",
  "%ff",
  "9007199254740993",
  "",
];
const word = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...words) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 8 }) },
);
const types = [
  "application/json",
  "application/msgpack",
  "application/x-ndjson",
  "application/vnd.kafka.record-batches",
  "text/event-stream",
  "text/html",
  "*/*",
  "text/plain",
  "a",
  "",
];

const batch = encodePlainBatch(0, [{ timestamp: 1, key: null, value: new Uint8Array(3), headers: [] }]);
const topicPart = fc.record({
  topic: fc.constantFrom("orders", "none"),
  partition: fc.nat({ max: 3 }),
  offset: fc.integer({ min: -2, max: 5 }),
});
const member = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom("orders", "all", "gzip", "earliest", 0, 1, -1),
  fc.array(topicPart, { maxLength: 3 }),
);
const names = [
  "name",
  "records",
  "acks",
  "topic",
  "partition",
  "partitions",
  "offset",
  "offsets",
  "to",
  "configs",
  "memberId",
  "memberEpoch",
  "maxWaitMs",
  "producerId",
  "beforeOffset",
  "fromOffset",
  "cursor",
  "maxBytes",
  "transactionalId",
  "producerEpoch",
  "groupId",
];
const structured = fc.dictionary(fc.constantFrom(...names), member, { maxKeys: 5 }).map(withoutWait);
const lines = fc.array(fc.oneof(fc.json(), fc.string()), { maxLength: 4 }).map((parts) => parts.join("\n"));
const body = fc.oneof(
  structured.map((value) => JSON.stringify(value)),
  structured.map((value) => new Uint8Array(pack(value))),
  fc.json(),
  lines,
  fc.uint8Array({ maxLength: 100 }),
  fc.constant(new Uint8Array(batch)),
);

const headers = fc.record(
  {
    accept: fc.constantFrom("*/*", "*/*", "application/json", ...types, "application/msgpack;q=x", ";;,", "a/b;q=0"),
    "content-encoding": fc.constantFrom("identity", "identity", "identity", "gzip", "zip", "deflate"),
    "x-request-id": fc.constantFrom("ok", "not ok"),
    "last-event-id": fc.constantFrom("0", "1", "x", "99"),
    authorization: fc.constantFrom("Bearer x", "Basic x"),
    "x-header-a": fc.constantFrom("v", ""),
  },
  { requiredKeys: [] },
);

/** Mostly what the parameter takes, so that requests come through; else any word. */
const GOOD: Readonly<Record<string, readonly string[]>> = {
  topic: ["orders"],
  partition: ["0", "1"],
  group: ["billing"],
  transactionalId: ["t", "u"],
  offset: ["0", "earliest", "latest", "-2", "9"],
  timestamp: ["earliest", "latest", "1001"],
  encoding: ["auto", "string", "json", "base64"],
  isolation: ["read_committed", "read_uncommitted"],
  acks: ["all", "none"],
  compression: ["none", "lz4"],
  positions: ["0:1,1:0", "5:0"],
};

function valueFor(name: string): fc.Arbitrary<string> {
  const good = GOOD[name] ?? ["true", "false", "1", "100"];
  return fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...good) }, { weight: 1, arbitrary: word });
}

function queryOf(operation: Operation): fc.Arbitrary<Record<string, string>> {
  const known = Object.keys(operation.query.shape).filter((name) => name !== "maxWaitMs");
  const some = fc
    .subarray(known, { maxLength: Math.min(known.length, 3) })
    .chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, valueFor(name)]))));
  const stray = fc.dictionary(word, word, { minKeys: 1, maxKeys: 1 });
  return fc.oneof({ weight: 8, arbitrary: some }, { weight: 1, arbitrary: stray });
}

/** The operation's path with its placeholders filled. */
function pathOf(operation: Operation): fc.Arbitrary<string> {
  const filled = operation.path
    .split("/")
    .map((step) => (step.startsWith("{") ? valueFor(step.slice(1, -1)).map(encodeStep) : fc.constant(step)));
  return fc.tuple(...filled).map((steps) => steps.join("/"));
}

/** The example of the contract in its own type, or anything in any type. */
function bodyOf(operation: Operation): fc.Arbitrary<{ readonly type: string; readonly content: string | Uint8Array }> {
  const examples = Object.entries(operation.body?.content ?? {}).map(([type, { example }]) => ({
    type,
    content: exampleBody(type, example),
  }));
  const any = fc.record({ type: fc.constantFrom(...types), content: body });
  const typed = structured.map((value) => ({ type: "application/json", content: JSON.stringify(value) }));
  return fc.oneof(...(examples.length === 0 ? [] : [fc.constantFrom(...examples)]), typed, any);
}

function exampleBody(type: string, example: unknown): string | Uint8Array {
  if (type === "application/vnd.kafka.record-batches") return new Uint8Array(batch);
  if (typeof example === "object" && example !== null) return JSON.stringify(withoutWait(example));
  return typeof example === "string" ? example : "a value";
}

/** A wait is allowed, and would make the test long. */
function withoutWait<Body extends object>(body: Body): Omit<Body, "maxWaitMs"> {
  const { maxWaitMs: _wait, ...rest } = body as Body & { readonly maxWaitMs?: unknown };
  return rest;
}

/** Broken percent-encodings stay as they are. */
function encodeStep(text: string): string {
  return text.startsWith("%") ? text : encodeURIComponent(text.toWellFormed());
}

function formEncode(query: Record<string, string>): string {
  return new URLSearchParams(query).toString();
}

async function checkAnswer(operation: Operation, response: Response): Promise<void> {
  expect(response.headers.get("x-request-id")).toBeTruthy();
  const type = response.headers.get("content-type") ?? "";
  if (response.status >= 400) {
    expect(response.status < 500 || EXPECTED_5XX.includes(response.status), `status ${response.status}`).toBe(true);
    expect(type).toBe("application/problem+json");
    expect(problem.parse(await response.json()).status).toBe(response.status);
    return;
  }
  const documented = operation.answers[response.status];
  expect(documented, `status ${response.status}`).toBeDefined();
  if (type === "text/event-stream") return void (await response.body!.cancel());
  const schema = documented!.content?.[type]?.schema;
  if (type === "application/json") expect(schema!.safeParse(await response.json()).error).toBeUndefined();
  if (type === "application/x-ndjson") {
    for (const line of (await response.text()).split("\n").filter(Boolean))
      expect(schema!.safeParse(JSON.parse(line)).error).toBeUndefined();
  }
  if (type === "application/msgpack") unpack(new Uint8Array(await response.arrayBuffer()));
}

test.each(ROUTES.map(({ operation }) => [`${operation.method} ${operation.path}`, operation] as const))("%s", async (_, operation) => {
  const logged = vi.spyOn(console, "error");
  await fc.assert(
    fc.asyncProperty(pathOf(operation), queryOf(operation), headers, bodyOf(operation), async (path, query, given, { type, content }) => {
      const init = operation.method === "GET" ? {} : { body: content as BodyInit };
      const response = await app.request(`${path}?${formEncode(query)}`, {
        method: operation.method,
        headers: { "content-type": type, ...(given as Record<string, string>) },
        ...init,
      });
      await checkAnswer(operation, response);
      if (!app.broker.topics.has("orders")) await app.broker.createTopic({ name: "orders", partitions: 2 });
    }),
    { numRuns: 150 },
  );
  expect(logged).not.toHaveBeenCalled();
});

test.each(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])("any path under %s", async (method) => {
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 6 }), async (steps) => {
      const response = await app.request(`/v1/${steps.map(encodeStep).join("/")}`, { method });
      if (response.status < 400) return;
      expect(response.status).toBeLessThan(500);
      expect(problem.parse(await response.json()).status).toBe(response.status);
    }),
    { numRuns: 50 },
  );
});
