import { afterEach, expect, test, vi } from "vitest";
import { appWithTopic, produceN, type TestApp } from "../../../support/http.ts";

const PATH = "/v1/topics/orders/partitions/0/records";

afterEach(() => {
  vi.useRealTimers();
});

class Events {
  private text = "";
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(response: Response) {
    this.reader = response.body!.getReader();
  }

  /** The next event or comment; undefined at the end. */
  async next(): Promise<string | undefined> {
    while (!this.text.includes("\n\n")) {
      const { done, value } = await this.reader.read();
      if (done) return undefined;
      this.text += new TextDecoder().decode(value);
    }
    const end = this.text.indexOf("\n\n");
    const event = this.text.slice(0, end);
    this.text = this.text.slice(end + 2);
    return event;
  }

  close(): Promise<void> {
    return this.reader.cancel();
  }
}

async function follow(app: TestApp, query = "", headers: Record<string, string> = {}): Promise<Events> {
  const response = await app.get(`${PATH}?${query}`, { accept: "text/event-stream", ...headers });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  expect(response.headers.get("x-request-id")).not.toBeNull();
  return new Events(response);
}

test("sends what is there, then what comes, each with the offset after it", async () => {
  const app = await appWithTopic();
  await produceN(app, 1);
  const events = await follow(app);
  expect(await events.next()).toBe('id: 1\ndata: {"offset":0,"timestamp":1000,"key":"k0","value":"v0","headers":[]}');
  const second = events.next();
  await produceN(app, 1);
  expect(await second).toContain("id: 2\n");
  await events.close();
});

test("goes on after Last-Event-ID, whatever offset says", async () => {
  const app = await appWithTopic();
  await produceN(app, 3);
  const events = await follow(app, "offset=earliest", { "last-event-id": "2" });
  expect(await events.next()).toContain('"offset":2');
  await events.close();
  const bad = await app.get(PATH, { accept: "text/event-stream", "last-event-id": "abc" });
  expect(bad.status).toBe(400);
});

test("keeps JSON values on one line", async () => {
  const app = await appWithTopic();
  await app.broker.produce({
    topic: "orders",
    compression: "none",
    records: [{ key: null, value: '{\r\n"a":1}', partition: 0, timestamp: 1 }],
  });
  const events = await follow(app, "encoding=json");
  expect(await events.next()).toBe('id: 1\ndata: {"offset":0,"timestamp":1,"key":null,"value":{ "a":1},"headers":[]}');
  await events.close();
});

test("sends a comment when nothing came for 15 s", async () => {
  vi.useFakeTimers();
  const app = await appWithTopic();
  const events = await follow(app);
  const first = events.next();
  await vi.advanceTimersByTimeAsync(15_000);
  expect(await first).toBe(": keep-alive");
  const second = events.next();
  await produceN(app, 1);
  expect(await second).toContain("id: 1\n");
  await events.close();
});

test("ends the broker's tail when the client goes away", async () => {
  const app = await appWithTopic();
  const tail = vi.spyOn(app.broker, "tail");
  const events = await follow(app);
  const waiting = events.next();
  await vi.waitFor(() => expect(tail).toHaveBeenCalledOnce());
  await events.close();
  expect(await waiting).toBeUndefined();
  expect(tail.mock.calls[0]![0].signal.aborted).toBe(true);
});

test("a topic that is deleted, and an offset out of range, end the stream with an error event", async () => {
  const app = await appWithTopic();
  const outOfRange = await follow(app, "offset=7");
  const event = await outOfRange.next();
  expect(event).toMatch(/^event: error\ndata: /);
  expect(JSON.parse(event!.split("data: ")[1]!)).toMatchObject({ status: 416, code: "OFFSET_OUT_OF_RANGE", highWatermark: 0 });
  expect(await outOfRange.next()).toBeUndefined();

  const deleted = await follow(app);
  const last = deleted.next();
  await app.broker.deleteTopic("orders");
  expect(await last).toContain("UNKNOWN_TOPIC_OR_PARTITION");
  expect(await deleted.next()).toBeUndefined();
});

test("an unknown topic or partition is a 404, not a stream", async () => {
  const app = await appWithTopic();
  const accept = { accept: "text/event-stream" };
  expect((await app.get("/v1/topics/none/partitions/0/records", accept)).status).toBe(404);
  expect((await app.get("/v1/topics/orders/partitions/2/records", accept)).status).toBe(404);
});

test("gives every record of a large batch, page by page", async () => {
  const app = await appWithTopic();
  const records = Array.from({ length: 1200 }, (_, i) => ({ key: null, value: `v${i}`, partition: 0, timestamp: 1 }));
  await app.broker.produce({ topic: "orders", compression: "none", records });
  const events = await follow(app, "offset=100");
  const offsets: number[] = [];
  while (offsets.length < 1100) offsets.push(Number((await events.next())!.match(/"offset":(\d+)/)![1]));
  expect(offsets).toEqual(Array.from({ length: 1100 }, (_, i) => i + 100));
  await events.close();
});
