import { expect, test } from "vitest";
import { type MirrorOptions, runMirror } from "../../../../src/cli/mirror/mirror.ts";
import { HOP_HEADER } from "../../../../src/cli/mirror/provenance.ts";
import { type MemoryCluster, memoryCluster } from "../../../support/memory-cluster.ts";

const VALUES = Array.from({ length: 100 }, (_, i) => `v${i}`);

function options(source: MemoryCluster, target: MemoryCluster, more: Partial<MirrorOptions> = {}): MirrorOptions {
  return {
    ...{ source, target, topics: ["orders"], rename: (topic) => topic, exitAtEnd: true, groups: [] },
    ...{ signal: new AbortController().signal, onProgress: () => {} },
    onGroupFailure: (_, error) => {
      throw error;
    },
    ...more,
  };
}

const valuesOf = (cluster: MemoryCluster, partition = 0, topic = "orders") =>
  cluster.log(topic, partition).map(({ value }) => String(value));

test("copies every partition in its order, and makes the topic with as many partitions", async () => {
  const [source, target] = [memoryCluster("a", { orders: 2 }), memoryCluster("b")];
  source.append("orders", 0, ...VALUES);
  source.append("orders", 1, "x", "y");
  const result = await runMirror(options(source, target));
  expect(result).toMatchObject({ records: 102, skipped: 0 });
  expect((await target.topics()).get("orders")).toBe(2);
  expect([valuesOf(target), valuesOf(target, 1)]).toEqual([VALUES, ["x", "y"]]);
  expect(target.log("orders", 1)[1]).toMatchObject({ timestamp: source.log("orders", 1)[1]!.timestamp });
});

test.each([1, 2, 5, 14])("killed at write %i it goes on where the target's log ends: nothing twice, nothing left out", async (write) => {
  const [source, target] = [memoryCluster("a", { orders: 1 }), memoryCluster("b")];
  source.append("orders", 0, ...VALUES);
  target.failWritesFrom(write);
  await expect(runMirror(options(source, target))).rejects.toThrow("the target is gone");
  target.failWritesFrom(Number.POSITIVE_INFINITY);
  target.append("orders", 0, "somebody else's");
  await runMirror(options(source, target));
  source.append("orders", 0, "late");
  await runMirror(options(source, target));
  expect(valuesOf(target).filter((value) => value !== "somebody else's")).toEqual([...VALUES, "late"]);
});

test("two mirrors the one against the other send nothing back", async () => {
  const [one, other] = [memoryCluster("a", { orders: 1 }), memoryCluster("b", { orders: 1 })];
  one.append("orders", 0, "from a");
  other.append("orders", 0, "from b");
  await runMirror(options(one, other));
  expect(await runMirror(options(other, one))).toMatchObject({ records: 1, skipped: 1 });
  expect(await runMirror(options(one, other))).toMatchObject({ records: 0, skipped: 1 });
  expect([valuesOf(one), valuesOf(other)]).toEqual([
    ["from a", "from b"],
    ["from b", "from a"],
  ]);
});

test("a ring of three breaks where it closes", async () => {
  const [a, b, c] = [memoryCluster("a", { orders: 1 }), memoryCluster("b"), memoryCluster("c")];
  a.append("orders", 0, "once");
  await runMirror(options(a, b));
  await runMirror(options(b, c));
  expect(await runMirror(options(c, a))).toMatchObject({ records: 0, skipped: 1 });
  expect(c.log("orders", 0)[0]!.headers.map(({ key, value }) => [key, Buffer.from(value ?? []).toString()])).toEqual([
    [HOP_HEADER, "a/orders/0/0"],
    [HOP_HEADER, "b/orders/0/0"],
  ]);
});

test("a group's offset becomes that of the same record at the target, whoever else writes there", async () => {
  const [source, target] = [memoryCluster("a", { orders: 1 }), memoryCluster("b", { orders: 1 })];
  target.append("orders", 0, "0", "1", "2");
  source.append("orders", 0, ...VALUES);
  for (const offset of [0, 1, 50, 99, 100]) {
    await source.commit("readers", [{ topic: "orders", partition: 0, offset }]);
    await runMirror(options(source, target, { groups: ["readers"] }));
    const [translated] = await target.committed("readers");
    const next = target.log("orders", 0).slice(translated!.offset);
    const values = next.map(({ value }) => Buffer.from(value ?? []).toString());
    expect(values.filter((value) => value.startsWith("v"))).toEqual(VALUES.slice(offset));
    expect(values.length, "others' records come again only before the first").toBeLessThanOrEqual(
      VALUES.length - offset + (offset === 0 ? 3 : 0),
    );
  }
});

test("a topic that was made anew at the source is refused: its offsets are other records'", async () => {
  const [source, target] = [memoryCluster("a", { orders: 1 }), memoryCluster("b")];
  source.append("orders", 0, ...VALUES);
  await runMirror(options(source, target));
  const anew = memoryCluster("a", { orders: 1 });
  anew.append("orders", 0, "new");
  await expect(runMirror(options(anew, target))).rejects.toThrow("made anew");
  await runMirror(options(anew, target, { rename: (topic) => `second.${topic}` }));
  expect(valuesOf(target, 0, "second.orders")).toEqual(["new"]);
});

test("a target with fewer partitions, and a target that is the source, are refused before anything is written", async () => {
  const [source, target] = [memoryCluster("a", { orders: 2 }), memoryCluster("b", { orders: 1 })];
  source.append("orders", 0, "x");
  await expect(runMirror(options(source, target))).rejects.toThrow("1 partitions at the target and 2 at the source");
  await expect(runMirror(options(source, source))).rejects.toThrow("same cluster");
  expect(target.log("orders", 0)).toEqual([]);
});

test("a write that fails ends a mirror that goes on, though its source has nothing more to give", async () => {
  const [source, target] = [memoryCluster("a", { orders: 1 }), memoryCluster("b")];
  source.append("orders", 0, "refused");
  target.failWritesFrom(1);
  const { read } = source;
  source.read = async function* (ranges, signal) {
    yield* read(ranges, signal);
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  };
  await expect(runMirror(options(source, target, { exitAtEnd: false }))).rejects.toThrow("the target is gone");
});
