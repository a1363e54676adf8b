// The workers of the share group test: each pulls and settles, by HTTP or as a member by Kafka's protocol.

import { type FetchedRecord, placeOf, ShareMember } from "../support/share-member.ts";
import type { Delivery, LeasedRecord } from "../support/share-proof.ts";

export interface ShareWorker {
  /** null: no answer came. */
  pull(maxRecords: number, maxWaitMs: number): Promise<readonly LeasedRecord[] | null>;
  /** Lease ids that were refused; null: no answer came, and nobody knows what was done. */
  settle(deliveries: readonly Delivery[], fails: ReadonlySet<Delivery>, random: () => number): Promise<ReadonlySet<string> | null>;
  /** It settles nothing of what it has, and another takes its place. */
  die(): void;
}

/** Asks the broker by HTTP; null where no answer came, or none that tells what was done. */
export type Attempt = <T>(path: string, body: unknown) => Promise<T | null>;

/** Where a group is asked for by HTTP. */
export interface ShareDoor {
  readonly path: string;
  /** What a pull names. */
  readonly pull: object;
}

export function httpWorker(attempt: Attempt, { path, pull }: ShareDoor): ShareWorker {
  return {
    pull: async (maxRecords, maxWaitMs) =>
      (await attempt<{ records: LeasedRecord[] }>(`${path}/pull`, { ...pull, maxRecords, maxWaitMs }))?.records ?? null,
    async settle(deliveries, fails, random) {
      const acks = deliveries.filter((one) => !fails.has(one)).map(({ record }) => record.leaseId);
      const retries = [...fails].map(({ record: { leaseId } }) => ({ leaseId, delayMs: random() < 0.5 ? 0 : Math.floor(random() * 300) }));
      const answer = await attempt<{ errors?: { leaseId: string }[] }>(`${path}/ack`, { acks, retries });
      return answer && new Set(answer.errors?.map(({ leaseId }) => leaseId));
    },
    die: () => {},
  };
}

/** @param address HOST:PORT of the broker's Kafka door */
export function kafkaWorker(address: string, groupId: string, topic: string): ShareWorker {
  let member: ShareMember | null = null;
  const held = new Map<string, FetchedRecord>();
  const attempt = async <T>(work: (member: ShareMember) => Promise<T>): Promise<T | null> => {
    try {
      member ??= await ShareMember.join(address, groupId, topic);
      return await work(member);
    } catch {
      die(); // the broker was killed, or has forgotten the member: it begins anew
      return null;
    }
  };
  const die = (): void => {
    member?.crash();
    member = null;
    held.clear();
  };
  return {
    async pull(maxRecords, maxWaitMs) {
      const fetched = await attempt((one) => one.fetch(maxRecords, maxWaitMs));
      return fetched?.map((one) => leased(one, held)) ?? null;
    },
    async settle(deliveries, fails) {
      const acknowledgements = deliveries.map((delivery) => ({
        of: held.get(delivery.record.leaseId)!,
        type: fails.has(delivery) ? ("release" as const) : ("accept" as const),
      }));
      const refused = await attempt((one) => one.acknowledge(acknowledgements));
      const leaseIds = deliveries.map(({ record: { leaseId } }) => leaseId);
      const result = refused && new Set(leaseIds.filter((leaseId) => refused.has(placeOf(held.get(leaseId)!))));
      for (const leaseId of leaseIds) held.delete(leaseId);
      return result;
    },
    die,
  };
}

function leased(fetched: FetchedRecord, held: Map<string, FetchedRecord>): LeasedRecord {
  const { partition, record, deliveryCount } = fetched;
  const leaseId = `${partition}/${record.offset}/${deliveryCount}`;
  held.set(leaseId, fetched);
  return { partition, offset: record.offset, key: new TextDecoder().decode(record.key ?? new Uint8Array()), leaseId, deliveryCount };
}
