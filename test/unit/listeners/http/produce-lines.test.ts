import { expect, test, vi } from "vitest";
import { appWithTopic, type TestApp } from "../../../support/http.ts";

const PATH = "/v1/topics/orders/records";

interface Line {
  results?: { partition: number; baseOffset: number; count: number }[];
  count?: number;
  errors?: { index: number; code: string; detail: string }[];
  problem?: { status: number; code: string; detail: string };
}

/** A request whose body is written by the test, and its answer line by line. */
async function openStream(app: TestApp, query = "") {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const init = { method: "POST", headers: { "content-type": "application/x-ndjson" }, body: readable, duplex: "half" };
  const response = await app.request(`${PATH}${query}`, init);
  const reader = response.body!.getReader();
  return {
    response,
    write: (text: string) => writer.write(new TextEncoder().encode(text)),
    end: () => writer.close(),
    cancel: () => reader.cancel(),
    next: async () => {
      const { done, value } = await reader.read();
      return done ? undefined : (JSON.parse(new TextDecoder().decode(value)) as Line);
    },
  };
}

async function sendLines(app: TestApp, body: string | Uint8Array, headers = {}): Promise<Line[]> {
  const response = await app.send("POST", PATH, body, { "content-type": "application/x-ndjson", ...headers });
  const text = await response.text();
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
}

test("answers what was sent while the request is still open", async () => {
  const app = await appWithTopic();
  const stream = await openStream(app);
  expect(stream.response.headers.get("content-type")).toBe("application/x-ndjson");
  const first = stream.next();
  await stream.write('{"value":"a","partition":0}\n{"value":"b","par');
  expect(await first).toEqual({ results: [{ partition: 0, baseOffset: 0, count: 1 }], count: 1, errors: [] });
  const second = stream.next();
  await stream.write('tition":0}\r\n\n');
  expect(await second).toMatchObject({ results: [{ baseOffset: 1, count: 1 }] });
  const third = stream.next();
  await stream.write('{"value":"no line break at the end","partition":0}');
  await stream.end();
  expect(await third).toMatchObject({ results: [{ baseOffset: 2 }] });
  expect(await stream.next()).toBeUndefined();
});

test("flushes every 1,000 records, in order", async () => {
  const app = await appWithTopic();
  const lines = Array.from({ length: 2500 }, (_, i) => `{"value":${i},"partition":0}\n`).join("");
  const answers = await sendLines(app, lines);
  expect(answers.map(({ results }) => results![0]!.baseOffset)).toEqual([0, 1000, 2000]);
  expect(answers.map(({ count }) => count)).toEqual([1000, 1000, 500]);
});

test("flushes by bytes too", async () => {
  const app = await appWithTopic();
  const line = `{"value":"${"x".repeat(300_000)}","partition":0}\n`;
  expect((await sendLines(app, line.repeat(4))).map(({ count }) => count)).toEqual([2, 2]);
});

test("starts no flush before the one before it was answered", async () => {
  const app = await appWithTopic();
  const produce = app.broker.produce.bind(app.broker);
  let running = 0;
  let most = 0;
  app.broker.produce = async (request) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 2));
    running--;
    return produce(request);
  };
  await sendLines(app, '{"value":1}\n'.repeat(5000));
  expect(most).toBe(1);
});

test("tells bad lines by their index in the stream, and writes the others", async () => {
  const app = await appWithTopic();
  const good = '{"value":1,"partition":0}\n';
  const [first, second] = await sendLines(app, `${good.repeat(999)}{"val\n{"vaule":1}\n${good}\n[1]\n`);
  expect(first!.errors).toMatchObject([{ index: 999, code: "INVALID_RECORD" }]);
  expect(second).toMatchObject({
    count: 3,
    results: [{ baseOffset: 999, count: 1 }],
    errors: [{ index: 1000 }, { index: 1002, detail: "records[1002]: must be an object" }],
  });
});

test("a line that is not UTF-8 is that line's error", async () => {
  const app = await appWithTopic();
  const bytes = new Uint8Array([...new TextEncoder().encode('{"value":"'), 0xff, ...new TextEncoder().encode('"}\n{"value":1}\n')]);
  expect(await sendLines(app, bytes)).toMatchObject([
    { count: 2, errors: [{ index: 0, detail: "records[0]: the line is not JSON: it is not UTF-8" }] },
  ]);
});

test("a line above the limit ends the stream with a problem, after what was written", async () => {
  const app = await appWithTopic();
  const answers = await sendLines(app, `{"value":1,"partition":0}\n{"value":"${"x".repeat(24 << 20)}"}\n`);
  expect(answers.at(-1)).toMatchObject({ problem: { status: 413, code: "RECORD_LIST_TOO_LARGE" } });
});

test("a failure of the whole topic ends the stream with a problem", async () => {
  const app = await appWithTopic();
  app.broker.produce = async () => ({ error: "UNKNOWN_TOPIC_OR_PARTITION", detail: "deleted meanwhile" });
  expect(await sendLines(app, '{"value":1}\n')).toMatchObject([{ problem: { status: 404, code: "UNKNOWN_TOPIC_OR_PARTITION" } }]);
});

test("an unknown topic is a 404, not a stream", async () => {
  const app = await appWithTopic();
  const response = await app.send("POST", "/v1/topics/none/records", '{"value":1}\n', { "content-type": "application/x-ndjson" });
  expect(response.status).toBe(404);
});

test("an empty stream is answered by nothing", async () => {
  expect(await sendLines(await appWithTopic(), "")).toEqual([]);
});

test("a client that goes away ends the reading of its body", async () => {
  const app = await appWithTopic();
  const stream = await openStream(app);
  const produce = vi.spyOn(app.broker, "produce");
  const first = stream.next();
  await stream.write('{"value":"a"}\n');
  await first;
  await stream.cancel();
  await expect(stream.write('{"value":"b"}\n')).rejects.toBeUndefined();
  expect(produce).toHaveBeenCalledOnce();
});
