// A Broker that charges its client for the bytes that it writes and reads: of record batches as they travel, of records that are still to
// be encoded their keys, values and headers.

import { isFailure } from "../common/errors.ts";
import { waitUnless } from "../common/wait.ts";
import type { Broker } from "./broker.ts";
import type { ClientMeter } from "./client-meter.ts";
import type { TailRequest, TailStep } from "./messages/fetch.ts";
import type { ProduceRecord } from "./messages/produce.ts";
import type { ReadFailure, ReadResult } from "./ports.ts";

export function meterBroker(broker: Broker, meter: ClientMeter, clientId: string): Broker {
  const chargeRead = <Result extends ReadResult | ReadFailure>(result: Result): Result => {
    if (!isFailure(result)) meter.charge("consumer_byte_rate", clientId, (result as ReadResult).batches.byteLength);
    return result;
  };
  const chargeWrite = (bytes: number): void => meter.charge("producer_byte_rate", clientId, bytes);
  return Object.assign(Object.create(broker) as Broker, {
    produce: (request) => {
      chargeWrite(request.records.reduce((sum, record) => sum + sizeOf(record), 0));
      return broker.produce(request);
    },
    produceBatches: (request) => {
      chargeWrite(request.batches.byteLength);
      return broker.produceBatches(request);
    },
    fetch: async (request) => chargeRead(await broker.fetch(request)),
    fetchMany: async (request) => {
      const result = await broker.fetchMany(request);
      for (const partition of result.partitions) chargeRead(partition.result);
      return result;
    },
    tail: (request) => slowedTail(broker, meter, request, chargeRead),
    shareGroups: {
      ...broker.shareGroups,
      pull: async (request) => {
        const pulled = await broker.shareGroups.pull(request);
        if (!isFailure(pulled))
          meter.charge(
            "consumer_byte_rate",
            clientId,
            pulled.records.reduce((sum, { record }) => sum + sizeOf(record), 0),
          );
        return pulled;
      },
      fetch: async (request) => {
        const fetched = await broker.shareGroups.fetch(request);
        if (!isFailure(fetched)) {
          const batches = fetched.partitions.flatMap((partition) => partition.batches);
          meter.charge(
            "consumer_byte_rate",
            clientId,
            batches.reduce((sum, { bytes }) => sum + bytes.byteLength, 0),
          );
        }
        return fetched;
      },
    },
  } satisfies Partial<Broker>);
}

/** A tail has nobody to be told to wait: it waits itself. */
async function* slowedTail(
  broker: Broker,
  meter: ClientMeter,
  request: TailRequest,
  charge: (result: TailStep["result"]) => unknown,
): AsyncGenerator<TailStep> {
  for await (const step of broker.tail(request)) {
    charge(step.result);
    yield step;
    await waitUnless(request.signal, meter.takeOwedMs());
  }
}

function sizeOf({ key, value, headers = [] }: ProduceRecord): number {
  return lengthOf(key) + lengthOf(value) + headers.reduce((sum, header) => sum + header.key.length + lengthOf(header.value), 0);
}

function lengthOf(value: string | Uint8Array | null): number {
  return value?.length ?? 0;
}
