// What ShareFetch and ShareAcknowledge have in common: whose they are, and the acknowledgements that both carry.

import type { Broker } from "../../broker/broker.ts";
import type { AcknowledgementBatch, AcknowledgeType } from "../../broker/ports.ts";
import type { ShareAcknowledgeRequest } from "../../broker/share-acknowledge.ts";
import type { SharePlace } from "../../broker/share-fetch.ts";
import { errorCode, type Failure, failure, isFailure } from "../../common/errors.ts";
import { checkAcknowledgements } from "../../coordinator/share-acknowledgements.ts";
import { checkShareMemberId } from "../../coordinator/share-heartbeat.ts";
import type { Session } from "./call.ts";
import type { SharePlaceId, ShareSession, ShareSessionRequest } from "./share-session.ts";
import { topicNames } from "./topic-names.ts";

/** By Kafka's AcknowledgeType.id. */
const TYPES: readonly AcknowledgeType[] = ["gap", "accept", "release", "reject", "renew"];
const TYPES_BEFORE_RENEW = TYPES.slice(0, -1);

export interface AskedAcknowledgements {
  readonly topicId: string;
  readonly partitions: readonly {
    readonly partitionIndex: number;
    readonly acknowledgementBatches: readonly {
      readonly firstOffset: number;
      readonly lastOffset: number;
      readonly acknowledgeTypes: readonly number[];
    }[];
  }[];
}

/** What became of the acknowledgements of a partition. */
export interface Acknowledged extends SharePlaceId {
  readonly failure: Failure | null;
}

/** Whose request it is, if somebody may make it. */
export function openShareRequest(
  session: Session,
  {
    groupId,
    memberId,
    shareSessionEpoch,
  }: { readonly groupId: string | null; readonly memberId: string | null; readonly shareSessionEpoch: number },
): ShareSessionRequest | Failure {
  const refused = session.access.refuse("READ", "GROUP", groupId ?? "") ?? checkShareMemberId(memberId ?? "");
  if (refused !== null) return refused;
  if (groupId === null) return failure("INVALID_REQUEST", "The group id is null.");
  return { groupId, memberId: memberId!, shareSessionEpoch };
}

export interface AcknowledgeResult {
  readonly leaseMs: number;
  /** One entry for each partition that is named, in order. */
  readonly partitions: readonly Acknowledged[];
}

/** Of each partition all that is acknowledged counts, or nothing. */
export async function acknowledge(
  broker: Broker,
  { groupId, token }: ShareSession,
  topics: readonly AskedAcknowledgements[],
  mayRenew: boolean,
): Promise<AcknowledgeResult> {
  const names = await topicNames(
    broker,
    topics.map(({ topicId }) => topicId),
  );
  const parts = topics.flatMap(({ topicId, partitions }) =>
    partitions.map(({ partitionIndex: partition, acknowledgementBatches }) => {
      const topic = names.get(topicId)!;
      const batches = toBatches(acknowledgementBatches, mayRenew);
      const refused = isFailure(batches) ? batches : typeof topic === "string" ? null : topic;
      const place: SharePlace = { topic: typeof topic === "string" ? topic : "", topicId, partition };
      return { ...place, batches: isFailure(batches) ? [] : batches, refused };
    }),
  );
  const asked: ShareAcknowledgeRequest["partitions"] = parts.filter(({ refused }) => refused === null);
  const { leaseMs, outcomes } = await broker.shareGroups.acknowledge({ groupId, token, partitions: asked });
  const others = outcomes.values();
  return {
    leaseMs,
    partitions: parts.map(({ topicId, partition, refused }) => ({ topicId, partition, failure: refused ?? others.next().value! })),
  };
}

function toBatches(
  asked: AskedAcknowledgements["partitions"][number]["acknowledgementBatches"],
  mayRenew: boolean,
): readonly AcknowledgementBatch[] | Failure {
  const known = mayRenew ? TYPES : TYPES_BEFORE_RENEW;
  const unknown = asked.flatMap(({ acknowledgeTypes }) => acknowledgeTypes).find((type) => known[type] === undefined);
  if (unknown !== undefined) return failure("INVALID_REQUEST", `${unknown} is no type of acknowledgement that this request may have`);
  const batches = asked.map(({ firstOffset, lastOffset, acknowledgeTypes }) => ({
    ...{ firstOffset, lastOffset },
    types: acknowledgeTypes.map((type) => known[type]!),
  }));
  return checkAcknowledgements(batches) ?? batches;
}

/** Ends a session: what its member holds is delivered to others. */
export async function releaseSession(broker: Broker, { groupId, token, held }: ShareSession): Promise<void> {
  if (held.length > 0) await broker.shareGroups.release({ groupId, token, partitions: held });
}

/** The answer to a ShareFetch or a ShareAcknowledge that was refused as a whole. */
export function shareRefusal({ error, detail }: Failure) {
  return {
    throttleTimeMs: 0,
    errorCode: errorCode(error),
    errorMessage: detail,
    acquisitionLockTimeoutMs: 0,
    responses: [],
    nodeEndpoints: [],
  };
}
