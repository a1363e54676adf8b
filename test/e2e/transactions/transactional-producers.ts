// Transactional producers that commit, abort, walk away, and come back as zombies. Each life of one goes one of two ways, by chance, so that
// both are mixed on each transactional id: over HTTP, with one epoch, or over Kafka's protocol with an epoch for each transaction.

import { setTimeout as sleep } from "node:timers/promises";
import { HttpDoor } from "./http-producers.ts";
import { RecordedTransactions } from "./recorded-transactions.ts";
import { WireDoor } from "./wire-door.ts";
import { PLACES, pause, type Random, TRANSACTION_TIMEOUT_MS, type Work } from "./work.ts";

const MAX_RECORDS_PER_SEND = 4;
const MAX_SENDS_PER_TRANSACTION = 4;

/** Null where the work is over before there is one. */
export async function openTransactions(
  work: Work,
  client: string,
  transactionalId: string,
  random: Random,
): Promise<RecordedTransactions | null> {
  const door = await (random.isChance(0.5) ? WireDoor : HttpDoor).open(work, transactionalId);
  return door === null ? null : new RecordedTransactions(work, client, transactionalId, door);
}

/** Transactions until the work is over, each by a producer that may be taken over in the middle. */
export async function runTransactionalProducer(work: Work, client: string): Promise<void> {
  const random = work.newRandom();
  while (!work.isOver) {
    const producer = await openTransactions(work, client, client, random);
    if (producer === null) return;
    while (producer.isUsable && !work.isOver) await transactOnce(work, producer, random);
    producer.close();
    await pause();
  }
}

async function transactOnce(work: Work, producer: RecordedTransactions, random: Random): Promise<void> {
  const sends = 1 + random.below(MAX_SENDS_PER_TRANSACTION);
  const fate = random.below(10);
  const zombieFrom = fate === 0 ? random.below(sends + 1) : -1;
  for (let i = 0; i < sends; i++) {
    if (i === zombieFrom) await takeOver(work, producer, random);
    await producer.send(random.of(PLACES), work.newValues(1 + random.below(MAX_RECORDS_PER_SEND)));
  }
  if (zombieFrom === sends) await takeOver(work, producer, random);
  if (fate === 1) return producer.leave();
  // Before or after the broker gives it up.
  if (fate === 2) await sleep(random.below(2 * TRANSACTION_TIMEOUT_MS));
  await producer.end(fate > 4 || fate <= 2);
}

/** Another producer of the same transactional id begins. What the one before has open is aborted, and it may not go on. */
async function takeOver(work: Work, producer: RecordedTransactions, random: Random): Promise<void> {
  const successor = await openTransactions(work, `${producer.client}'s successor`, producer.transactionalId, random);
  await successor?.send(PLACES[0]!, work.newValues(1));
  await successor?.end(true);
  successor?.close();
}
