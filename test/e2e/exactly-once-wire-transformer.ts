// The process that exactly-once.ts kills, the new way: as exactly-once-transformer.ts, but with an epoch for each transaction (KIP-890,
// part 2) and without members. A process has all partitions of the input: there is one at a time, which fences those before it.
//
//   node test/e2e/exactly-once-wire-transformer.ts HOST:PORT INPUT OUTPUT PARTITIONS

import { WireClient } from "./transactions/wire.ts";
import { WireProducer } from "./transactions/wire-producer.ts";

const TRANSACTIONAL_ID = "exactly-once";
const GROUP_ID = "exactly-once";
const TRANSACTION_TIMEOUT_MS = 10_000;

/** One transaction in so many is aborted, and its input read again. */
const ABORT_EVERY = 5;
const MAX_RECORDS_PER_TRANSACTION = 20;

/** One request in so many goes out twice. */
const TWICE_EVERY = 20;

const [address, input, output, partitionCount] = process.argv.slice(2) as [string, string, string, string];
const client = new WireClient(address);
let requests = 0;
let transactions = 0;

const producer = await WireProducer.open({
  ...{ address, transactionalId: TRANSACTIONAL_ID, timeoutMs: TRANSACTION_TIMEOUT_MS },
  isOver: () => false,
  isImpatient: () => ++requests % TWICE_EVERY === 0,
});
if (producer === null) process.exit(1); // refused: the next process takes over
for (let partition = 0; ; partition = (partition + 1) % Number(partitionCount)) await transformSome(producer, partition);

async function transformSome(producer: WireProducer, partition: number): Promise<void> {
  const place = `${input}/${partition}`;
  const committed = await client.committedOffset(GROUP_ID, place);
  const fetched = committed === undefined ? null : await client.fetch(place, "read_committed", committed ?? 0);
  const taken = fetched?.records.slice(0, MAX_RECORDS_PER_TRANSACTION) ?? [];
  if (taken.length === 0) return;
  const values = taken.map(([, value]) => value);
  const outcomes = [
    (await producer.send(output, partition, values)).outcome,
    await producer.sendOffset(GROUP_ID, input, partition, taken.at(-1)![0] + 1),
    await producer.end(++transactions % ABORT_EVERY !== 0),
  ];
  if (outcomes.some((outcome) => outcome !== "ok")) process.exit(1); // what became of it is not known: the next process reads what the group has
}
