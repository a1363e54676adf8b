// The assignors against what they promise: everything is assigned once, to subscribers alone; evenly; and nothing moves that need not.

import { expect, test } from "vitest";
import { type Assignor, type AssignorMember, countOf, type Partitions } from "../../../src/coordinator/assignors/assignor.ts";
import { assignRange } from "../../../src/coordinator/assignors/range-assignor.ts";
import { assignSimple } from "../../../src/coordinator/assignors/simple-assignor.ts";
import { assignUniform } from "../../../src/coordinator/assignors/uniform-assignor.ts";
import { seededRandom } from "../../support/random.ts";

function partitions(text: string): Partitions {
  const all = text === "" ? [] : text.split(" ").map((one) => one.split(/(?<=\D)(?=\d)/) as [string, string]);
  const byTopic = Map.groupBy(all, ([topicId]) => topicId);
  return new Map([...byTopic].map(([topicId, ones]) => [topicId, new Set(ones.map(([, number]) => Number(number)))]));
}

function text(assigned: Partitions): string {
  return [...assigned]
    .flatMap(([topicId, numbers]) => [...numbers].map((number) => `${topicId}${number}`))
    .sort()
    .join(" ");
}

class Group {
  readonly assign: Assignor;
  readonly topics: Map<string, number>;
  members: AssignorMember[] = [];
  readonly #interned = new Map<string, readonly string[]>();

  constructor(assign: Assignor, topics: Record<string, number>) {
    this.assign = assign;
    this.topics = new Map(Object.entries(topics));
  }

  join(
    memberId: string,
    topicIds: readonly string[],
    { has = "", instanceId = null }: { has?: string; instanceId?: string | null } = {},
  ): void {
    const key = topicIds.join();
    const same = this.#interned.get(key) ?? topicIds;
    this.#interned.set(key, same);
    this.members.push({ memberId, instanceId, topicIds: same, target: partitions(has) });
  }

  /** What each is to have now, by member id. */
  rebalance(): Record<string, string> {
    const result = this.assign({ members: this.members, partitionCount: (topicId) => this.topics.get(topicId) ?? 0 });
    this.members = this.members.map((member) => ({ ...member, target: result.get(member.memberId)! }));
    return Object.fromEntries(this.members.map(({ memberId, target }) => [memberId, text(target)]));
  }

  check(): void {
    const seen = new Set<string>();
    for (const { target, topicIds } of this.members) {
      for (const [topicId, numbers] of target) {
        expect(topicIds).toContain(topicId);
        for (const number of numbers) {
          expect(seen.has(`${topicId}${number}`)).toBe(false);
          expect(number).toBeLessThan(this.topics.get(topicId)!);
          seen.add(`${topicId}${number}`);
        }
      }
    }
    const subscribed = new Set(this.members.flatMap(({ topicIds }) => topicIds));
    expect(seen.size).toBe([...subscribed].reduce((sum, topicId) => sum + (this.topics.get(topicId) ?? 0), 0));
  }
}

test("uniform shares evenly, and gives a new member only what makes it even", () => {
  const group = new Group(assignUniform, { a: 5, b: 2 });
  group.join("1", ["a", "b"]);
  group.join("2", ["a", "b"], { has: "a0 a1 a2" });
  group.join("3", ["a", "b"], { has: "a3 a4 b0 b1" });
  expect(group.rebalance()).toEqual({ 1: "a2 b1", 2: "a0 a1", 3: "a3 a4 b0" });
});

test("uniform leaves the one partition more where it is", () => {
  const group = new Group(assignUniform, { a: 5 });
  group.join("1", ["a"], { has: "a0 a1" });
  group.join("2", ["a"], { has: "a2 a3 a4" });
  expect(group.rebalance()).toEqual({ 1: "a0 a1", 2: "a2 a3 a4" });
  const { members } = group;
  group.rebalance();
  expect(group.members.map(({ target }, index) => target === members[index]!.target)).toEqual([true, true]);
});

test("uniform takes back what is not subscribed to, does not exist, or is somebody else's", () => {
  const group = new Group(assignUniform, { a: 2, b: 2 });
  group.join("1", ["a"], { has: "a0 a1 a7 b0" });
  group.join("2", ["a"], { has: "a1 x0" });
  group.rebalance();
  group.check();
  expect(group.members.map(({ target }) => countOf(target))).toEqual([1, 1]);
});

test("uniform evens out members that subscribe to different topics", () => {
  const group = new Group(assignUniform, { a: 4, b: 4 });
  group.join("1", ["a", "b"], { has: "a0 a1 a2 a3" });
  group.join("2", ["a"]);
  group.join("3", ["b"]);
  group.rebalance();
  group.check();
  expect(group.members.map(({ target }) => countOf(target)).sort()).toEqual([2, 3, 3]);
});

test("range cuts each topic alike, static members first, by their names", () => {
  const group = new Group(assignRange, { a: 3, b: 3 });
  group.join("1", ["a", "b"]);
  group.join("2", ["a", "b"], { instanceId: "i" });
  expect(group.rebalance()).toEqual({ 1: "a2 b2", 2: "a0 a1 b0 b1" });
});

test("range gives a topic to its subscribers alone, and nothing where there are too few partitions", () => {
  const group = new Group(assignRange, { a: 1, b: 3 });
  group.join("1", ["a", "b"]);
  group.join("2", ["a"]);
  group.join("3", ["b"]);
  expect(group.rebalance()).toEqual({ 1: "a0 b0 b1", 2: "", 3: "b2" });
  group.check();
});

test("a group without topics has nothing to share", () => {
  for (const assign of [assignUniform, assignRange]) {
    const group = new Group(assign, {});
    group.join("1", [], { has: "a0" });
    group.join("2", ["gone"], { has: "gone0" });
    expect(group.rebalance()).toEqual({ 1: "", 2: "" });
  }
});

test("at random, uniform is even and moves no more than it must", () => {
  const random = seededRandom(11);
  const group = new Group(assignUniform, { a: 17, b: 9, c: 5 });
  for (let round = 0; round < 300; round++) {
    const before = new Map(group.members.map(({ memberId, target }) => [memberId, target]));
    if (group.members.length > 1 && random() < 0.45) group.members.splice(Math.floor(random() * group.members.length), 1);
    else group.join(`m${round}`, ["a", "b", "c"]);
    group.rebalance();
    group.check();
    const counts = group.members.map(({ target }) => countOf(target));
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    const gained = group.members.map(({ memberId, target }) => countOf(target) - kept(before.get(memberId), target));
    // Nobody gives partitions away and gets others: who gained lost nothing.
    for (const [index, { memberId, target }] of group.members.entries()) {
      if (gained[index]! > 0) expect(kept(before.get(memberId), target)).toBe(countOf(before.get(memberId) ?? new Map()));
    }
  }
});

test("at random, members with different topics get everything, and subscribers of one topic are even enough", () => {
  const random = seededRandom(12);
  const topics = { a: 12, b: 7, c: 3, d: 1 };
  const group = new Group(assignUniform, topics);
  for (let round = 0; round < 300; round++) {
    if (group.members.length > 1 && random() < 0.45) group.members.splice(Math.floor(random() * group.members.length), 1);
    else
      group.join(
        `m${round}`,
        Object.keys(topics).filter(() => random() < 0.6),
      );
    group.rebalance();
    group.check();
    for (const { topicIds, target } of group.members) {
      for (const topicId of target.keys()) {
        const others = group.members.filter((other) => other.topicIds.includes(topicId)).map((other) => countOf(other.target));
        expect(countOf(target) - Math.min(...others), `${topicIds}`).toBeLessThanOrEqual(1);
      }
    }
  }
});

function kept(before: Partitions | undefined, after: Partitions): number {
  let count = 0;
  for (const [topicId, numbers] of before ?? []) for (const number of numbers) if (after.get(topicId)?.has(number)) count += 1;
  return count;
}

test("simple: fewer members than partitions divide them", () => {
  const group = new Group(assignSimple, { a: 3, b: 2 });
  group.join("one", ["a", "b"]);
  expect(group.rebalance()).toEqual({ one: "a0 a1 a2 b0 b1" });
  group.join("two", ["a", "b"]);
  expect(group.rebalance()).toEqual({ one: "a0 a1 a2", two: "b0 b1" });
});

test("simple: more members than partitions share them evenly, and nobody who can stay moves", () => {
  const group = new Group(assignSimple, { a: 2 });
  for (const memberId of ["one", "two"]) group.join(memberId, ["a"]);
  expect(group.rebalance()).toEqual({ one: "a0", two: "a1" });
  for (const memberId of ["three", "four"]) group.join(memberId, ["a"]);
  expect(group.rebalance()).toEqual({ one: "a0", two: "a1", three: "a0", four: "a1" });
});

test("simple: every subscription is divided by itself", () => {
  const group = new Group(assignSimple, { a: 1, b: 2 });
  group.join("one", ["a", "b"]);
  group.join("two", ["b"]);
  group.join("three", ["b"]);
  expect(group.rebalance()).toEqual({ one: "a0 b0 b1", two: "b0", three: "b1" });
});

test("simple: a member whose topics are not there has nothing", () => {
  const group = new Group(assignSimple, { a: 1 });
  group.join("one", ["gone"], { has: "gone0 a0" });
  expect(group.rebalance()).toEqual({ one: "" });
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])("simple: nobody is idle and no partition without a reader, by random changes (seed %i)", (seed) => {
  const random = seededRandom(seed);
  const pick = (count: number): number => Math.floor(random() * count);
  const group = new Group(assignSimple, { a: 1 + pick(5), b: pick(4), c: 1 + pick(3) });
  for (let step = 0; step < 60; step++) {
    if (group.members.length === 0 || pick(3) > 0) group.join(`member-${step}`, pick(4) === 0 ? ["a"] : ["a", "b", "c"]);
    else group.members.splice(pick(group.members.length), 1);
    if (pick(5) === 0) group.topics.set("a", 1 + pick(6));
    group.rebalance();
    for (const same of Map.groupBy(group.members, ({ topicIds }) => topicIds).values()) {
      const places = same[0]!.topicIds.flatMap((id) => Array.from({ length: group.topics.get(id)! }, (_, number) => `${id}${number}`));
      const had = same.map(({ target }) => text(target).split(" "));
      expect(new Set(had.flat())).toEqual(new Set(places));
      const counts = had.map((one) => one.length);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      expect(had.flat()).toHaveLength(places.length * Math.ceil(same.length / places.length));
    }
  }
});
