// The use cases' ports over Durable Object RPC. A call that breaks is a retriable failure, not an exception: the object restarts,
// moves, or is overloaded, and a client may try again.

import type {
  ClassicGroupPort,
  ClusterPort,
  ConsumerGroupPort,
  GroupPort,
  PartitionPort,
  Ports,
  ShareGroupPort,
  SharePartitionPort,
  SubscriptionPort,
  SubscriptionsPort,
  TransactionPort,
} from "../broker/ports.ts";
import { type ErrorName, type Failure, failure } from "../common/errors.ts";
import { internalReference, storageFault } from "../common/storage-fault.ts";
import type { Env } from "../env.ts";
import type { IngestSourcesPort } from "../ingest/messages.ts";
import { appendCoalesced, type CarryAppends } from "./append-coalescer.ts";
import { createArchivePort } from "./archive-port.ts";
import { withHandoff, withLoan } from "./handoff.ts";
import { clusterObject, partitionObjectName, sharePartitionObjectName, transactionObjectName } from "./names.ts";
import type { PartitionObject } from "./partition.ts";
import { openShareWatch, openWatch } from "./watch.ts";

/** Ports for one request: `waitUntil` is that request's own. */
export function createPorts(env: Env, waitUntil: (work: Promise<unknown>) => void): Ports {
  return {
    get cluster() {
      return clusterPort(env);
    },
    partition: (topicId, partition) => partitionPort(env, topicId, partition, waitUntil),
    group: (groupId) => groupPort(env, groupId),
    transaction: (transactionalId) => transactionPort(env, transactionalId),
    subscription: (name) => subscriptionPort(env, name),
    get subscriptions() {
      return clusterObject(env) as unknown as SubscriptionsPort;
    },
    get ingestSources() {
      return clusterObject(env) as unknown as IngestSourcesPort;
    },
    shareGroup: (groupId) => shareGroupPort(env, groupId),
    sharePartition: (groupUuid, topicId, partition) => sharePartitionPort(env, sharePartitionObjectName(groupUuid, topicId, partition)),
    archive: env.ARCHIVE ? createArchivePort(env.ARCHIVE, waitUntil) : null,
    waitUntil,
  };
}

function clusterPort(env: Env): ClusterPort {
  return clusterObject(env) as unknown as ClusterPort;
}

function subscriptionPort(env: Env, name: string): SubscriptionPort {
  const object = env.SUBSCRIPTION.getByName(name) as unknown as SubscriptionPort; // its RPC methods, as plain data
  return {
    put: (request) => orCoordinatorUnavailable(object.put(request)),
    putPull: (request) => orCoordinatorUnavailable(object.putPull(request)),
    status: () => orCoordinatorUnavailable(object.status()),
    pause: () => orCoordinatorUnavailable(object.pause()),
    resume: () => orCoordinatorUnavailable(object.resume()),
    rotateSecret: (request) => orCoordinatorUnavailable(object.rotateSecret(request)),
    redrive: (request) => orCoordinatorUnavailable(object.redrive(request)),
    remove: () => orCoordinatorUnavailable(object.remove()),
  };
}

type PartitionCall = "append" | "arm" | "read" | "offset" | "describe" | "truncate" | "segments" | "writeTxnMarkers" | "describeProducers";

function partitionPort(env: Env, topicId: string, partition: number, waitUntil: (work: Promise<unknown>) => void): PartitionPort {
  const name = partitionObjectName(topicId, partition);
  const stub = env.PARTITION.getByName(name);
  const object = stub as unknown as Pick<PartitionObject, PartitionCall>; // its RPC methods, as plain data
  const carry: CarryAppends = (address, runs) =>
    orUnavailable(withLoan(name, runs, (loan, slotName) => object.append(address, loan, slotName)));
  return {
    append: (request) => appendCoalesced(name, request, carry, waitUntil),
    read: (request) => orUnavailable(withHandoff((slotName) => object.read(request, slotName))),
    offset: (address, query, isolation) => orUnavailable(object.offset(address, query, isolation)),
    describe: (address) => orUnavailable(object.describe(address)),
    truncate: (address, beforeOffset) => orUnavailable(object.truncate(address, beforeOffset)),
    arm: (address, request) => orUnavailable(object.arm(address, request)),
    segments: (address, page) => orUnavailable(object.segments(address, page)),
    watch: (address, isolation) => orUnavailable(openWatch(stub, address, isolation)),
    writeTxnMarkers: (address, markers) => orUnavailable(object.writeTxnMarkers(address, markers)),
    describeProducers: (address) => orUnavailable(object.describeProducers(address)),
  };
}

function groupPort(env: Env, groupId: string): GroupPort & ClassicGroupPort & ConsumerGroupPort {
  // Its RPC methods, as plain data. A connection keeps its port for hours, and a stub of an object that was reset stays broken.
  const object = () => env.GROUP.getByName(groupId) as unknown as GroupPort & ClassicGroupPort & ConsumerGroupPort;
  return {
    commit: (request) => orCoordinatorUnavailable(object().commit(request)),
    describe: (id) => object().describe(id),
    delete: (id) => orCoordinatorUnavailable(object().delete(id)),
    join: async (request) => ({ memberId: request.memberId, ...(await orCoordinatorUnavailable(object().join(request))) }),
    sync: (request) => orCoordinatorUnavailable(object().sync(request)),
    heartbeat: (request) => orCoordinatorUnavailable(object().heartbeat(request)),
    leave: (request) => orCoordinatorUnavailable(object().leave(request)),
    describeClassic: (id) => orCoordinatorUnavailable(object().describeClassic(id)),
    listing: (id) => orCoordinatorUnavailable(object().listing(id)),
    commitInTransaction: (request) => orCoordinatorUnavailable(object().commitInTransaction(request)),
    endTransaction: (end) => orCoordinatorUnavailable(object().endTransaction(end)),
    consumerHeartbeat: (request) => orCoordinatorUnavailable(object().consumerHeartbeat(request)),
    poll: (request) => orCoordinatorUnavailable(object().poll(request)),
    describeConsumer: (id) => orCoordinatorUnavailable(object().describeConsumer(id)),
    committedOffsets: (id, member) => orCoordinatorUnavailable(object().committedOffsets(id, member)),
    deleteOffsets: (id, offsets) => orCoordinatorUnavailable(object().deleteOffsets(id, offsets)),
    describeConfigs: (id) => orCoordinatorUnavailable(object().describeConfigs(id)),
    alterConfigs: (id, changes, validateOnly) => orCoordinatorUnavailable(object().alterConfigs(id, changes, validateOnly)),
  };
}

function transactionPort(env: Env, transactionalId: string): TransactionPort {
  // Its RPC methods, as plain data.
  const object = () => env.TRANSACTION.getByName(transactionObjectName(transactionalId)) as unknown as TransactionPort;
  return {
    initProducerId: (request) => orTransactionUnavailable(object().initProducerId(request)),
    addPartitions: (request) => orTransactionUnavailable(object().addPartitions(request)),
    addGroup: (request) => orTransactionUnavailable(object().addGroup(request)),
    end: (request) => orTransactionUnavailable(object().end(request)),
    endInNextEpoch: (request) => orTransactionUnavailable(object().endInNextEpoch(request)),
    verify: (request) => orTransactionUnavailable(object().verify(request)),
    verifyGroup: (request) => orTransactionUnavailable(object().verifyGroup(request)),
    joinGroup: (request) => orTransactionUnavailable(object().joinGroup(request)),
    describe: () => orTransactionUnavailable(object().describe()),
  };
}

function shareGroupPort(env: Env, groupId: string): ShareGroupPort {
  const object = () => env.SHARE_GROUP.getByName(groupId) as unknown as ShareGroupPort; // its RPC methods, as plain data
  return {
    view: () => orCoordinatorUnavailable(object().view()),
    ensure: (id, settings) => orCoordinatorUnavailable(object().ensure(id, settings)),
    configure: (id, settings) => orCoordinatorUnavailable(object().configure(id, settings)),
    subscribe: (groupUuid, topic) => orCoordinatorUnavailable(object().subscribe(groupUuid, topic)),
    confirm: (groupUuid) => orCoordinatorUnavailable(object().confirm(groupUuid)),
    delete: (id) => orCoordinatorUnavailable(object().delete(id)),
    deleteOffsets: (id, topicIds) => orCoordinatorUnavailable(object().deleteOffsets(id, topicIds)),
    heartbeat: (request) => orCoordinatorUnavailable(object().heartbeat(request)),
    members: () => orCoordinatorUnavailable(object().members()),
  };
}

function sharePartitionPort(env: Env, name: string): SharePartitionPort {
  const stub = () => env.SHARE_PARTITION.getByName(name);
  const object = () => stub() as unknown as SharePartitionPort; // its RPC methods, as plain data
  return {
    acquire: (request) => orCoordinatorUnavailable(object().acquire(request)),
    next: (address) => orCoordinatorUnavailable(object().next(address)),
    settle: (request) => orCoordinatorUnavailable(object().settle(request)),
    acknowledge: (request) => orCoordinatorUnavailable(object().acknowledge(request)),
    release: (token) => orCoordinatorUnavailable(object().release(token)),
    reset: (address, offset) => orCoordinatorUnavailable(object().reset(address, offset)),
    describe: () => orCoordinatorUnavailable(object().describe()),
    watch: (isCounting) => orCoordinatorUnavailable(openShareWatch(stub(), isCounting)),
  };
}

/** As for a group: what was asked is safe to ask again. */
function orTransactionUnavailable<T>(call: Promise<T>): Promise<T | Failure> {
  return orFailure(call, "COORDINATOR_NOT_AVAILABLE", "the transaction's coordinator cannot be reached right now: ask again");
}

/** The object restarted, and what was parked in it is lost: clients look for their coordinator, find the same one, and ask again. */
function orCoordinatorUnavailable<T>(call: Promise<T>): Promise<T | Failure> {
  return orFailure(call, "COORDINATOR_NOT_AVAILABLE", "the coordinator cannot be reached right now: what was asked may or may not be done");
}

function orUnavailable<T>(call: Promise<T>): Promise<T | Failure> {
  return orFailure(call, "LEADER_NOT_AVAILABLE", "the partition cannot be reached right now: what was sent may or may not be written");
}

async function orFailure<T>(call: Promise<T>, error: ErrorName, detail: string): Promise<T | Failure> {
  try {
    return await call;
  } catch (thrown) {
    const fault = storageFault(thrown);
    const answered = fault !== null && error === "LEADER_NOT_AVAILABLE" ? "KAFKA_STORAGE_ERROR" : error;
    console.error(JSON.stringify({ message: "a call to an object failed", answeredWith: answered, error: String(thrown) }));
    const reference = internalReference(thrown);
    return failure(answered, fault ?? (reference === null ? detail : `${detail}; the broker's log has more under ${reference}`));
  }
}
