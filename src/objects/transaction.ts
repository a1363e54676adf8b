// The transaction object: the coordinator of one transactional id, named by it. Its methods are TransactionPort's (src/broker/ports.ts),
// called over RPC. It tells partitions and groups of its decisions itself.

import { DurableObject } from "cloudflare:workers";
import type {
  AddGroupRequest,
  AddPartitionsRequest,
  EndTransactionRequest,
  InitProducerIdRequest,
  ProducerIdentity,
  TransactionDescription,
  TransactionPort,
  VerifiedTransaction,
  VerifyGroupRequest,
  VerifyPartitionRequest,
} from "../broker/ports.ts";
import { ProducerIdPool } from "../broker/producer-ids.ts";
import { type Failure, isFailure } from "../common/errors.ts";
import { TRANSACTION_END_WAIT_MS } from "../common/limits/transactions.ts";
import { readTransactionConfigs } from "../common/transaction-configs.ts";
import type { TransactionParticipants } from "../coordinator/transaction-completion.ts";
import { TransactionCoordinator } from "../coordinator/transaction-coordinator.ts";
import type { Env } from "../env.ts";
import { SqliteTransactionStore } from "../storage/sqlite-transaction-store.ts";
import { EarlyAlarm } from "./early-alarm.ts";
import { clusterObject } from "./names.ts";
import { createPorts } from "./ports.ts";

/** Of all transactions in this isolate: a block of ids is for many of them. */
const producerIds = new ProducerIdPool();

export class TransactionObject extends DurableObject<Env> implements TransactionPort {
  readonly #coordinator: TransactionCoordinator;
  /** There once the constructor's work is done, which every call waits for. */
  #alarm!: EarlyAlarm;

  /** How long a request waits for a transaction to be complete. A property, as the next one: RPC does not reach them. */
  endWaitMs = TRANSACTION_END_WAIT_MS;

  participants: TransactionParticipants = participants(this.ctx, this.env);

  constructor(context: DurableObjectState, env: Env) {
    super(context, env);
    const cluster = () => clusterObject(env);
    const register = {
      registerTransaction: (transactionalId: string) => cluster().registerTransaction(transactionalId),
      unregisterTransaction: (transactionalId: string) => cluster().unregisterTransaction(transactionalId),
      allocateProducerId: () => producerIds.next(() => cluster().allocateProducerIds()),
    };
    const told: TransactionParticipants = {
      writeMarker: (topic, partition, marker) => this.participants.writeMarker(topic, partition, marker),
      endInGroup: (groupId, end) => this.participants.endInGroup(groupId, end),
    };
    this.#coordinator = new TransactionCoordinator(new SqliteTransactionStore(context.storage), register, told, {
      now: Date.now,
      wait: (ms) => scheduler.wait(ms),
      config: readTransactionConfigs(env.SLUICE_TRANSACTION_CONFIGS),
      endWaitMs: () => this.endWaitMs,
      ringBy: (atMs) => this.#alarm.ringBy(atMs),
      cleared: () => this.#alarm.isGone(),
      broken: (error) => context.abort(`the transaction could not be stored: ${error}`),
    });
    context.blockConcurrencyWhile(() => this.#start());
  }

  initProducerId(request: InitProducerIdRequest): Promise<ProducerIdentity | Failure> {
    return this.#coordinator.initProducerId(request);
  }

  addPartitions(request: AddPartitionsRequest): Promise<null | Failure> {
    return this.#coordinator.addPartitions(request);
  }

  addGroup(request: AddGroupRequest): Promise<null | Failure> {
    return this.#coordinator.addGroup(request);
  }

  end(request: EndTransactionRequest): Promise<null | Failure> {
    return this.#coordinator.end(request);
  }

  endInNextEpoch(request: EndTransactionRequest): Promise<ProducerIdentity | Failure> {
    return this.#coordinator.endInNextEpoch(request);
  }

  async verify(request: VerifyPartitionRequest): Promise<null | Failure> {
    return this.#coordinator.verify(request);
  }

  async verifyGroup(request: VerifyGroupRequest): Promise<VerifiedTransaction | Failure> {
    return this.#coordinator.verifyGroup(request);
  }

  joinGroup(request: AddGroupRequest): Promise<VerifiedTransaction | Failure> {
    return this.#coordinator.joinGroup(request);
  }

  async describe(): Promise<TransactionDescription | null> {
    return this.#coordinator.describe();
  }

  override async alarm(): Promise<void> {
    this.#alarm.isGone();
    await this.#coordinator.ring();
  }

  async #start(): Promise<void> {
    const { storage } = this.ctx;
    this.#alarm = new EarlyAlarm(await storage.getAlarm(), (atMs) => this.ctx.waitUntil(storage.setAlarm(atMs)));
    this.#coordinator.resume();
  }
}

/** The partitions and groups of this deployment. */
function participants(context: DurableObjectState, env: Env): TransactionParticipants {
  const ports = createPorts(env, (work) => context.waitUntil(work));
  return {
    async writeMarker({ topicId, topicVersion }, partition, marker) {
      const written = await ports.partition(topicId, partition).writeTxnMarkers({ topicId, partition, topicVersion }, [marker]);
      return isFailure(written) ? written : written[0]!;
    },
    endInGroup: (groupId, end) => ports.group(groupId).endTransaction(end),
  };
}
