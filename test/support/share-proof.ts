// The proof from a recorded history of a share group with `order: "key"`, by record and by key:
//
//   - every record has one acknowledgement that was answered, or maybe one whose answer was lost, or is in the dead-letter topic, once;
//     never both;
//   - delivery counts go up by one from 1 (by more where a kill lost a pull's answer), and to maxDeliveries for what is dead-lettered;
//   - nothing is delivered again after an answered acknowledgement;
//   - a record is delivered only after every earlier one of its key was acknowledged or given up.

export interface LeasedRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly leaseId: string;
  readonly deliveryCount: number;
}

export type Outcome = "acknowledged" | "refused" | "released" | "lost" | "died";

/** What became of one delivery; times are of one clock (ms). */
export interface Delivery {
  readonly record: LeasedRecord;
  /** When the pull was sent, and when its answer was there. */
  readonly askedMs: number;
  readonly deliveredMs: number;
  /** When the settlement was sent, and when its answer was there. */
  settledMs: number;
  answeredMs: number;
  outcome: Outcome;
}

export interface DeadLetter {
  /** PARTITION/OFFSET of the record. */
  readonly place: string;
  readonly deliveryCount: number;
}

export interface Expected {
  /** How many there are. */
  readonly records: number;
  readonly maxDeliveries: number;
  /** The broker was killed: answers of pulls may be lost. */
  readonly hasKills: boolean;
}

/** Throws at the first broken promise. */
export function prove(history: readonly Delivery[], deadLetters: readonly DeadLetter[], expected: Expected) {
  const { records, maxDeliveries } = expected;
  const byRecord = groupBy(history, ({ record: { partition, offset } }) => `${partition}/${offset}`);
  const dead = new Map(deadLetters.map((letter) => [letter.place, letter]));
  if (dead.size !== deadLetters.length) throw new Error(`${deadLetters.length - dead.size} records are dead-lettered twice`);
  for (const [place, deliveries] of byRecord) proveRecord(place, deliveries, dead.get(place), expected);
  const decided = new Set([...byRecord.keys(), ...dead.keys()]);
  if (decided.size !== records) throw new Error(`${decided.size} of ${records} records were ever delivered`);
  // The answer that told of a record's last delivery was lost with the broker: nobody saw how it was given up, but that it was.
  const endedUnseen = (delivery: Delivery): boolean => {
    const { partition, offset, deliveryCount } = delivery.record;
    const place = `${partition}/${offset}`;
    const isLastSeen = byRecord.get(place)!.every(({ record }) => record.deliveryCount <= deliveryCount);
    return expected.hasKills && isLastSeen && (dead.get(place)?.deliveryCount ?? 0) > deliveryCount;
  };
  for (const [key, deliveries] of groupBy(history, ({ record: { partition, key } }) => `${partition}/${key}`))
    proveKey(key, deliveries, (earlier, later) => isUndecided(earlier, later, maxDeliveries) && !endedUnseen(earlier));
  const count = (outcome: Outcome): number => history.filter((delivery) => delivery.outcome === outcome).length;
  return {
    acknowledged: [...byRecord.values()].filter((deliveries) => deliveries.some(isAcknowledged)).length,
    deadLettered: dead.size,
    deliveries: history.length,
    failures: count("released"),
    deaths: count("died"),
    lostAnswers: count("lost"),
  };
}

function proveRecord(
  place: string,
  deliveries: readonly Delivery[],
  dead: DeadLetter | undefined,
  { maxDeliveries, hasKills }: Expected,
): void {
  const inOrder = deliveries.toSorted((one, other) => one.record.deliveryCount - other.record.deliveryCount);
  const told = `record ${place}: ${JSON.stringify(inOrder.map(({ record, outcome }) => [record.deliveryCount, outcome]))}`;
  const acknowledgements = inOrder.filter(isAcknowledged);
  if (acknowledgements.length > 1) throw new Error(`acknowledged twice, ${told}`);
  if (acknowledgements.length === 1 && dead !== undefined) throw new Error(`acknowledged and dead-lettered, ${told}`);
  if (acknowledgements.length === 1 && inOrder.at(-1) !== acknowledgements[0])
    throw new Error(`delivered after its acknowledgement, ${told}`);
  const mayBeDecided = dead !== undefined || inOrder.some(({ outcome }) => outcome === "lost");
  if (acknowledgements.length === 0 && !mayBeDecided) throw new Error(`neither acknowledged nor dead-lettered, ${told}`);
  if (dead !== undefined && dead.deliveryCount !== maxDeliveries) throw new Error(`dead-lettered after ${dead.deliveryCount}, ${told}`);
  let before = 0;
  for (const { record, askedMs, deliveredMs } of inOrder) {
    const isNext = hasKills ? record.deliveryCount > before : record.deliveryCount === before + 1;
    if (!isNext || record.deliveryCount > maxDeliveries) throw new Error(`its deliveries do not count on, ${told}`);
    before = record.deliveryCount;
    if (deliveredMs < askedMs) throw new Error(`the clock went back, ${told}`);
  }
}

/** Between two deliveries of a key to different records, the first record was decided: its settlement was sent, or its lease was over. */
function proveKey(key: string, deliveries: readonly Delivery[], isOpen: (earlier: Delivery, later: Delivery) => boolean): void {
  const inOrder = deliveries.toSorted((one, other) => one.deliveredMs - other.deliveredMs);
  const open = new Map<number, Delivery>();
  for (const delivery of inOrder) {
    const { offset } = delivery.record;
    for (const [other, earlier] of open) {
      if (other === offset || !isOpen(earlier, delivery)) continue;
      const told = `${other} (${earlier.outcome}, delivery ${earlier.record.deliveryCount}) was open when ${offset} was delivered`;
      throw new Error(`key ${key} is out of order: ${told}`);
    }
    open.set(offset, delivery);
  }
  for (const [offset, last] of open) {
    const later = inOrder.find(({ record, askedMs }) => record.offset < offset && askedMs > last.answeredMs && isAcknowledged(last));
    if (later !== undefined) throw new Error(`key ${key} is out of order: ${later.record.offset} came after ${offset} was acknowledged`);
  }
}

/** The last delivery of a record was still open, beyond any doubt, when a record behind it was delivered. */
function isUndecided(earlier: Delivery, later: Delivery, maxDeliveries: number): boolean {
  if (earlier.record.offset > later.record.offset) return true; // a later record of the key was delivered first
  if (earlier.outcome === "released" && earlier.record.deliveryCount < maxDeliveries) return true; // it waits for its retry
  if (earlier.outcome === "died" && earlier.record.deliveryCount < maxDeliveries) return true; // it comes again
  if (isAcknowledged(earlier)) return earlier.settledMs > later.deliveredMs;
  return false;
}

function isAcknowledged({ outcome }: Delivery): boolean {
  return outcome === "acknowledged";
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
