import { expect, test } from "vitest";
import { failure, isFailure } from "../../../../src/common/errors.ts";
import { appWithTopic, produceN, type TestApp } from "../../../support/http.ts";

const PARTITION = "/v1/topics/orders/partitions/0";
const OFFSETS = { logStartOffset: 0, highWatermark: 3, lastStableOffset: 3, leaderEpoch: 1 };

async function appWithRecords(): Promise<TestApp> {
  const app = await appWithTopic();
  await produceN(app, 3);
  return app;
}

function partitionOf(app: TestApp) {
  const partition = app.broker.partition("orders", 0);
  if (isFailure(partition)) throw new Error(partition.detail);
  return partition;
}

test.each([
  [2, 2],
  [-1, 3],
  [0, 0],
])("truncates before %d", async (beforeOffset, logStartOffset) => {
  const app = await appWithRecords();
  const response = await app.send("POST", `${PARTITION}/truncate`, { beforeOffset });
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ ...OFFSETS, logStartOffset });
});

test("an offset that was truncated already changes nothing", async () => {
  const app = await appWithRecords();
  await app.send("POST", `${PARTITION}/truncate`, { beforeOffset: 2 });
  const response = await app.send("POST", `${PARTITION}/truncate`, { beforeOffset: 1 });
  expect(await response.json()).toEqual({ ...OFFSETS, logStartOffset: 2 });
});

test("refuses to truncate above the high watermark, and tells the range", async () => {
  const app = await appWithRecords();
  const response = await app.send("POST", `${PARTITION}/truncate`, { beforeOffset: 4 });
  expect(response.status).toBe(416);
  expect(await response.json()).toMatchObject({ code: "OFFSET_OUT_OF_RANGE", ...OFFSETS });
});

test.each([[{ beforeOffset: -2 }], [{ beforeOffset: 1.5 }], [{}], [{ beforeOffset: 1, extra: 1 }], [{ beforeOffset: "1" }]])(
  "refuses to truncate by %j",
  async (body) => {
    const app = await appWithRecords();
    expect((await app.send("POST", `${PARTITION}/truncate`, body)).status).toBe(400);
    expect(partitionOf(app).logStartOffset).toBe(0);
  },
);

test("lists segments by Kafka's names", async () => {
  const app = await appWithRecords();
  const { segments, ...rest } = (await (await app.get(`${PARTITION}/segments`)).json()) as { segments: { sizeBytes: number }[] };
  expect(rest).toEqual({ nextCursor: null, ...OFFSETS });
  expect(segments).toEqual([
    {
      name: "00000000000000000000.log",
      baseOffset: 0,
      endOffset: 3,
      sizeBytes: partitionOf(app).sizeBytes,
      maxTimestamp: 1002,
      createdAt: 0,
      sealedAt: null,
      place: "active",
      crc32c: null,
      key: null,
    },
  ]);
});

test("a CRC is 8 hex digits, a sealed segment has its time and its key", async () => {
  const app = await appWithRecords();
  const segment = { ...partitionOf(app).segment, place: "archived", sealedAtMs: 5, crc32c: 0xbeef, key: "a/b.log" } as const;
  app.broker.segments = async () => ({ offsets: OFFSETS, segments: [segment], nextCursor: "Mw" });
  const listed = await (await app.get(`${PARTITION}/segments?limit=1`)).json();
  expect(listed).toMatchObject({ segments: [{ place: "archived", sealedAt: 5, crc32c: "0000beef", key: "a/b.log" }], nextCursor: "Mw" });
});

test("verifies without a body, and tells what is damaged", async () => {
  const app = await appWithRecords();
  const whole = await app.request(`${PARTITION}/segments/verify`, { method: "POST" });
  const { sizeBytes } = partitionOf(app);
  const entry = { baseOffset: 0, endOffset: 3, sizeBytes, place: "active", copy: "local" };
  expect(await whole.json()).toEqual({ ok: true, segments: [{ ...entry, ok: true }], checkedBytes: sizeBytes, nextCursor: null });

  partitionOf(app).damage = failure("CORRUPT_MESSAGE", "the batch at byte 0: its CRC");
  const damaged = await app.send("POST", `${PARTITION}/segments/verify`, { fromOffset: 1, maxBytes: 10, maxMs: 100 });
  expect(damaged.status).toBe(200);
  expect(await damaged.json()).toMatchObject({
    ok: false,
    segments: [{ ...entry, ok: false, code: "CORRUPT_MESSAGE", errorCode: 2, detail: "the batch at byte 0: its CRC" }],
  });
});

test.each([
  [{ fromOffset: 9 }, 416],
  [{ fromOffset: -1 }, 400],
  [{ maxBytes: 0 }, 400],
  [{ maxMs: 60_001 }, 400],
  [{ cursor: "?" }, 400],
  [{ from: 0 }, 400],
])("refuses to verify by %j", async (body, status) => {
  const app = await appWithRecords();
  expect((await app.send("POST", `${PARTITION}/segments/verify`, body)).status).toBe(status);
});

test.each(["truncate", "segments", "segments/verify"])("%s of a partition that is not there", async (path) => {
  const app = await appWithTopic();
  const at = `/v1/topics/orders/partitions/7/${path}`;
  const response = path === "segments" ? await app.get(at) : await app.send("POST", at, path === "truncate" ? { beforeOffset: 0 } : {});
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ code: "UNKNOWN_TOPIC_OR_PARTITION" });
});
