// Disks that are full, data folders that are gone, archives that give back other bytes than they got: what is acknowledged stays, what cannot be
// stored is refused with the reason, and what can be read is read.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { errorCode } from "../../src/common/errors.ts";
import { API } from "../../src/protocol/api-keys.ts";
import { encodeBatch } from "../../src/wasm/record-batches.ts";
import { type Broker, startBroker } from "../support/broker.ts";
import { loadCore } from "../support/core.ts";
import { databasesIn } from "../support/data-folder.ts";
import { openResponse, produceFrame } from "../support/kafka-frames.ts";
import { connectKafka } from "../support/kafka-socket.ts";
import { createTopic, fetchAllRaw, fetchRecords, type PartitionPlace } from "../support/raw-batches.ts";
import { SmallDisk, whyNoSmallDisk } from "../support/small-disk.ts";
import { until } from "../support/until.ts";

const core = loadCore();
const whyNot = whyNoSmallDisk();

interface Answer {
  readonly status: number;
  readonly body: { readonly code?: string; readonly detail?: string; readonly results?: readonly { readonly baseOffset: number }[] };
}

async function produce({ url }: Pick<Broker, "url">, topic: string, value: string): Promise<Answer> {
  const answer = await fetch(`${url}/v1/topics/${topic}/records`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ records: [{ value }] }),
  });
  return { status: answer.status, body: (await answer.json()) as Answer["body"] };
}

async function produceByKafka({ kafkaAddress }: Broker, topic: string, value: string): Promise<number> {
  const client = await connectKafka(kafkaAddress);
  try {
    client.send(produceFrame(topic, encodeBatch(core, [{ key: null, value, timestamp: 0 }], { compression: "none" })));
    return openResponse(API.produce, 9, await client.next()).response.responses[0]!.partitionResponses[0]!.errorCode;
  } finally {
    client.socket.destroy();
  }
}

describe.skipIf(whyNot !== null)("a full disk", () => {
  const DISK_BYTES = 24_000_000;
  const VALUE_BYTES = 100_000;

  test("takes nothing more, says so at both doors, is read from, and goes on once there is room", { timeout: 120_000 }, async () => {
    const disk = await SmallDisk.mount(DISK_BYTES);
    onTestFinished(() => disk.unmount());
    disk.fill(DISK_BYTES / 2);
    const broker = await startBroker({ disk });
    onTestFinished(async () => void (await broker.stop()));
    const [full] = (await createTopic(broker.url, "full")) as [PartitionPlace];
    const [other] = (await createTopic(broker.url, "other")) as [PartitionPlace];
    expect((await produce(broker, "other", "before")).status).toBe(200);

    const acknowledged: string[] = [];
    const refused: Answer[] = [];
    for (let count = 0; refused.length === 0; count++) {
      const value = `${count} ${"x".repeat(VALUE_BYTES)}`;
      const answer = await produce(broker, "full", value);
      if (answer.status === 200) acknowledged.push(value);
      else refused.push(answer);
    }
    expect(acknowledged.length).toBeGreaterThan(10);
    refused.push(await produce(broker, "full", "x".repeat(VALUE_BYTES)));
    for (const { status, body } of refused) {
      expect(status).toBe(503);
      expect(body).toMatchObject({ code: "KAFKA_STORAGE_ERROR", detail: expect.stringContaining("the disk is full") });
    }
    expect(await produceByKafka(broker, "full", "x".repeat(VALUE_BYTES))).toBe(errorCode("KAFKA_STORAGE_ERROR"));

    const readable = async () => (await fetchRecords(full)).map(({ value }) => value);
    expect(await readable()).toEqual(acknowledged);
    expect((await produce(broker, "other", "x".repeat(VALUE_BYTES))).status).toBe(503); // from now on its object starts anew
    expect((await fetchRecords(other)).map(({ value }) => value)).toEqual(["before"]);

    disk.empty();
    await until("the disk is written again", async () => (await produce(broker, "other", "after")).status === 200);
    expect((await produce(broker, "full", "after")).body.results).toMatchObject([{ baseOffset: acknowledged.length }]);
    await broker.kill9();
    await broker.restart();
    expect(await readable()).toEqual([...acknowledged, "after"]);
  });

  test("is told in a line by a broker that is to start on it", async () => {
    const disk = await SmallDisk.mount(1_000_000);
    onTestFinished(() => disk.unmount());
    disk.fill();
    const refusal = /: the data folder \S+ cannot be (written|locked): .*(ENOSPC|disk is full).*\n$/;
    await expect(startBroker({ disk })).rejects.toThrow(refusal);
    disk.fill(8_192); // enough for the lock
    await expect(startBroker({ disk })).rejects.toThrow(refusal);
  });
});

test("a broker whose data folder is removed ends, and says why", async () => {
  const broker = await startBroker();
  onTestFinished(async () => void (await broker.stop()));
  await createTopic(broker.url, "gone");
  await rm(broker.dataDir, { recursive: true, force: true });
  expect((await broker.ended()).code).not.toBe(0);
  expect(broker.output()).toMatch(/^sluice: the data folder \S+ was removed/m);
});

test("bytes that the archive changed are noticed by who decodes them, and the rest is read", async () => {
  const broker = await startBroker({ archive: "" });
  onTestFinished(async () => void (await broker.stop()));
  const configs = { "segment.bytes": "10000", "remote.storage.enable": "true", "local.retention.bytes": "1" };
  const [place] = (await createTopic(broker.url, "damaged", 1, configs)) as [PartitionPlace];
  const value = (index: number) => `${index} ${"x".repeat(4_000)}`;
  for (let index = 0; index < 7; index++) await produce(broker, "damaged", value(index));
  const url = `${broker.url}/v1/topics/damaged/partitions/0`;
  await until("the first segments are in the archive alone", async () => {
    const { segments } = (await (await fetch(`${url}/segments`)).json()) as { segments: { place: string }[] };
    return segments.filter(({ place: where }) => where === "archived").length >= 2;
  });
  await broker.kill9();
  expect(flipInArchive(broker.dataDir, value(1))).toBe(1);
  await broker.restart();

  const read = async (offset: number) => (await (await fetch(`${url}/records?offset=${offset}`)).json()) as Answer["body"] & Page;
  expect((await read(0)).records.map((record) => record.value)).toEqual([value(0)]);
  expect(await read(1)).toMatchObject({ code: "KAFKA_STORAGE_ERROR", detail: expect.stringMatching(/at offset 1 is damaged.*BAD_CRC/) });
  expect((await read(2)).records[0]?.value).toBe(value(2));
  const many = await fetch(`${broker.url}/v1/fetch`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ partitions: [1, 2].map((offset) => ({ topic: "damaged", partition: 0, offset, maxBytes: 1 })) }),
  });
  expect(await many.json()).toMatchObject({ partitions: [{ code: "KAFKA_STORAGE_ERROR" }, { records: [{ offset: 2 }] }] });
  expect((await fetchAllRaw(place)).nextOffset, "stored batches are their readers' to check").toBe(7);
});

interface Page {
  readonly records: readonly { readonly value: string }[];
}

/** Changes the last byte of a text wherever a file of the archive has it. @returns how often that was */
function flipInArchive(dataDir: string, text: string): number {
  let count = 0;
  for (const path of databasesIn(join(dataDir, "archive"))) {
    const database = new DatabaseSync(path);
    try {
      const ofOurs = "SELECT m.name AS tab, c.name AS col FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.name NOT GLOB '_cf_*'";
      const tables = database.prepare(`${ofOurs} AND c.type = 'BLOB'`).all();
      for (const { tab, col } of tables) {
        for (const row of database.prepare(`SELECT rowid AS id, ${col} AS bytes FROM ${tab}`).all()) {
          const bytes = Buffer.from(row.bytes as Uint8Array);
          const at = bytes.indexOf(text);
          if (at < 0) continue;
          bytes[at + text.length - 1]! ^= 1;
          database.prepare(`UPDATE ${tab} SET ${col} = ? WHERE rowid = ?`).run(bytes, row.id!);
          count++;
        }
      }
    } finally {
      database.close();
    }
  }
  return count;
}
