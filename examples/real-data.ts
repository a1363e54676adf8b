// Writes three public data sets into topics, reads them back in every way that the HTTP API has, and proves that what comes out is what
// went in: every row once, in its key's partition, in order, byte for byte.
//
//   npm start                                  (in another terminal)
//   npx node examples/real-data.ts [--url http://127.0.0.1:8787]
//
// The topics are made anew: those named flights, github and earthquakes are deleted first.

import { parseArgs } from "node:util";
import { Partitioners } from "kafkajs";
import { type Dataset, loadDatasets, type Row } from "./real-data/datasets.ts";
import { READERS, type ReadRecord } from "./real-data/readers.ts";

const ROWS_PER_REQUEST = 20_000;

const { values } = parseArgs({ options: { url: { type: "string", default: "http://127.0.0.1:8787" } } });
const url = values.url.replace(/\/$/, "");

for (const dataset of loadDatasets()) {
  await createTopic(dataset);
  const expected = partitionRows(dataset);
  const ends = expected.map((rows) => rows.length);
  console.log(`\n${dataset.topic}: ${dataset.rows.length} rows in ${dataset.partitions} partitions (${ends.join(", ")})`);
  await timed(`write as ${dataset.contentType}`, dataset, () => writeRows(dataset));
  for (const [form, read] of Object.entries(READERS)) {
    const records = await timed(`read as ${form}`, dataset, () => read(url, dataset.topic, ends));
    expectSame(expected, records, form);
  }
}
console.log("\nevery row once, in its key's partition, in order, byte for byte");

async function createTopic({ topic, partitions }: Dataset): Promise<void> {
  const deleted = await fetch(`${url}/v1/topics/${topic}`, { method: "DELETE" });
  if (!deleted.ok && deleted.status !== 404) throw new Error(`deleting ${topic} was answered ${deleted.status}`);
  const body = JSON.stringify({ name: topic, partitions });
  const created = await fetch(`${url}/v1/topics`, { method: "POST", headers: { "content-type": "application/json" }, body });
  if (created.status !== 201) throw new Error(`creating ${topic} was answered ${created.status}: ${await created.text()}`);
}

/** Where each row must be: the partition that Kafka's Java client picks for its key (here by kafkajs), in the order of writing. */
function partitionRows({ topic, partitions, rows }: Dataset): Row[][] {
  const partitionOf = Partitioners.DefaultPartitioner();
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    partitionErrorCode: 0,
    partitionId,
    leader: 0,
    replicas: [0],
    isr: [0],
  }));
  const expected: Row[][] = partitionMetadata.map(() => []);
  for (const row of rows) expected[partitionOf({ topic, partitionMetadata, message: row })]!.push(row);
  return expected;
}

/** One request after the other, so that the rows keep their order. */
async function writeRows({ topic, rows, contentType, encode }: Dataset): Promise<void> {
  for (let i = 0; i < rows.length; i += ROWS_PER_REQUEST) {
    const body = encode(rows.slice(i, i + ROWS_PER_REQUEST));
    const path = `/v1/topics/${topic}/records?offsets=false`;
    const answer = await fetch(url + path, { method: "POST", headers: { "content-type": contentType }, body });
    const text = await answer.text();
    if (!answer.ok || text.includes('"code"')) throw new Error(`writing to ${topic} was answered ${answer.status}: ${text}`);
  }
}

function expectSame(expected: readonly (readonly Row[])[], read: readonly (readonly ReadRecord[])[], form: string): void {
  for (const [partition, rows] of expected.entries()) {
    const records = read[partition]!;
    if (records.length !== rows.length) throw new Error(`${form}: ${records.length} records in partition ${partition}, not ${rows.length}`);
    for (const [offset, row] of rows.entries()) {
      const record = records[offset]!;
      if (record.offset === offset && record.key === row.key && record.value === row.value) continue;
      throw new Error(`${form}: partition ${partition}, offset ${offset}: ${JSON.stringify(record)}, not ${JSON.stringify(row)}`);
    }
  }
}

async function timed<Result>(what: string, { rows }: Dataset, work: () => Promise<Result>): Promise<Result> {
  const start = performance.now();
  const result = await work();
  const ms = performance.now() - start;
  const perSecond = Math.round((rows.length / ms) * 1000).toLocaleString("en");
  console.log(`  ${what.padEnd(32)}${ms.toFixed(0).padStart(7)} ms${perSecond.padStart(12)} rows/s`);
  return result;
}
