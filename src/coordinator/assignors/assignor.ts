// What a server-side assignor is (ConsumerGroupPartitionAssignor of org.apache.kafka.coordinator.group.api.assignor): from the members,
// what each subscribes to and what each was to have, to what each is to have. Pure.

/** Partitions by topic id. Never changed once made: who has the same object has the same partitions. */
export type Partitions = ReadonlyMap<string, ReadonlySet<number>>;

export interface AssignorMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  /** Ids of the topics that it subscribes to and that exist. Members that subscribe to the same have the same array. */
  readonly topicIds: readonly string[];
  /** What it was to have up to now. */
  readonly target: Partitions;
}

export interface AssignorInput {
  readonly members: readonly AssignorMember[];
  readonly partitionCount: (topicId: string) => number;
}

/** By member id, for each member; the very `target` that it had where nothing changes for it. */
export type AssignorResult = ReadonlyMap<string, Partitions>;

export type Assignor = (input: AssignorInput) => AssignorResult;

export const NO_PARTITIONS: Partitions = new Map();

/** A member's share while it is being made: it copies what it had only when that changes. */
export class Share {
  readonly memberId: string;
  readonly topicIds: ReadonlySet<string>;
  readonly #former: Partitions;
  #changed: Map<string, Set<number>> | null = null;
  #count: number;

  constructor({ memberId, target }: AssignorMember, topicIds: ReadonlySet<string>) {
    this.memberId = memberId;
    this.topicIds = topicIds;
    this.#former = target;
    this.#count = countOf(target);
  }

  /** Partitions that it has. */
  get count(): number {
    return this.#count;
  }

  get partitions(): Partitions {
    return this.#changed ?? this.#former;
  }

  /** What the member is to have. */
  result(): Partitions {
    return samePartitions(this.partitions, this.#former) ? this.#former : this.partitions;
  }

  of(topicId: string): ReadonlySet<number> {
    return this.partitions.get(topicId) ?? NO_NUMBERS;
  }

  add(topicId: string, partition: number): void {
    const changed = this.#copy();
    const numbers = changed.get(topicId) ?? new Set();
    changed.set(topicId, numbers);
    if (numbers.has(partition)) return;
    numbers.add(partition);
    this.#count += 1;
  }

  remove(topicId: string, partition: number): void {
    const changed = this.#copy();
    const numbers = changed.get(topicId);
    if (numbers === undefined || !numbers.delete(partition)) return;
    if (numbers.size === 0) changed.delete(topicId);
    this.#count -= 1;
  }

  #copy(): Map<string, Set<number>> {
    this.#changed ??= new Map([...this.#former].map(([topicId, numbers]) => [topicId, new Set(numbers)]));
    return this.#changed;
  }
}

const NO_NUMBERS: ReadonlySet<number> = new Set();

export function countOf(partitions: Partitions): number {
  let count = 0;
  for (const numbers of partitions.values()) count += numbers.size;
  return count;
}

export function samePartitions(one: Partitions, other: Partitions): boolean {
  if (one === other) return true;
  if (one.size !== other.size) return false;
  for (const [topicId, numbers] of one) {
    const others = other.get(topicId);
    if (others === undefined || others.size !== numbers.size) return false;
    for (const number of numbers) if (!others.has(number)) return false;
  }
  return true;
}
