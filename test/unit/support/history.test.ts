// The checker of histories: what a broker does right is clean, and each anomaly that is put in is reported, with its operations.

import fc from "fast-check";
import { expect, test } from "vitest";
import { ANOMALY_KINDS, type AnomalyKind } from "../../support/history/anomalies.ts";
import { checkHistory, countKinds, describeAnomalies } from "../../support/history/check.ts";
import { FAULTS } from "../../support/history/faults.ts";
import type { History, Operation, PolledRecord, Send, TransactionOperation } from "../../support/history/history.ts";
import { STEP_KINDS, type Step, serialHistory } from "../../support/history/serial-history.ts";

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...STEP_KINDS),
  client: fc.nat({ max: 3 }),
  place: fc.nat({ max: 5 }),
  count: fc.integer({ min: 1, max: 4 }),
  outcome: fc.constantFrom("ok", "ok", "fail", "unknown"),
  isDone: fc.boolean(),
});

const KINDS = Object.keys(ANOMALY_KINDS) as AnomalyKind[];

/** Enough of everything for every fault to have something to spoil. */
const RICH: History = serialHistory(
  Array.from({ length: 60 }, (_, i) => {
    const kind = STEP_KINDS[i % STEP_KINDS.length]!;
    return { kind, client: i % 3, place: i % 5, count: 1 + (i % 4), outcome: i % 7 === 5 ? "fail" : "ok", isDone: i % 4 < 2 };
  }),
);

/** Of all anomalies, those that Kafka allows too. */
function allOf(history: History) {
  const { anomalies, allowed } = checkHistory(history);
  return [...anomalies, ...allowed];
}

test("a serial history is clean, whatever was refused, aborted or never answered", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      expect(describeAnomalies(allOf(serialHistory(steps)))).toBe("no anomaly");
    }),
    { numRuns: 300 },
  );
});

test("the order in which operations are recorded does not matter", () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([...RICH], { minLength: RICH.length }), (history) => {
      expect(describeAnomalies(allOf(history))).toBe("no anomaly");
    }),
    { numRuns: 50 },
  );
});

test.each(KINDS)("%s is reported where it is put in", (kind) => {
  const spoilt = FAULTS[kind](RICH);
  expect(spoilt).not.toBeNull();
  const found = allOf(spoilt!).filter((anomaly) => anomaly.kind === kind);
  expect(found).not.toEqual([]);
  expect(found[0]!.operations.every((operation) => spoilt!.includes(operation))).toBe(true);
});

test.each(KINDS)("%s is reported in whatever history it is put into", (kind) => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
      const spoilt = FAULTS[kind](serialHistory(steps));
      fc.pre(spoilt !== null);
      expect(countKinds(allOf(spoilt!))[kind] ?? 0).toBeGreaterThan(0);
    }),
    { numRuns: 30 },
  );
});

let clock = 0;

function send(value: string, place: string, offset: number | null, changes: Partial<Send> = {}): Send {
  return { value, place, offset, outcome: "ok", startMs: ++clock, endMs: ++clock, ...changes };
}

function transaction(sends: Send[], changes: Partial<TransactionOperation> = {}): TransactionOperation {
  const times = { startMs: sends[0]!.startMs, commitStartMs: ++clock, endMs: ++clock };
  return { kind: "transaction", client: "t", outcome: "ok", sends, reads: [], consumed: [], ...times, ...changes };
}

function poll(place: string, records: PolledRecord[], changes: Partial<Extract<Operation, { kind: "poll" }>> = {}): Operation {
  const to = (records.at(-1)?.[0] ?? -1) + 1;
  const times = { startMs: ++clock, endMs: ++clock };
  return { kind: "poll", client: "r", isolation: "read_committed", place, from: 0, records, to, ...times, ...changes };
}

function kindsOf(history: History): string[] {
  return Object.keys(countKinds(allOf(history)));
}

test("two open transactions may write in different orders, which is told and allowed", () => {
  const [one, other] = [
    transaction([send("1", "p/0", 0, { startMs: 0 }), send("2", "q/0", 1, { startMs: 0 })]),
    transaction([send("3", "p/0", 1, { startMs: 0 }), send("4", "q/0", 0, { startMs: 0 })]),
  ];
  const history = [
    one,
    other,
    poll("p/0", [
      [0, "1"],
      [1, "3"],
    ]),
    poll("q/0", [
      [0, "4"],
      [1, "2"],
    ]),
  ];
  const { anomalies, allowed } = checkHistory(history);
  expect([anomalies, allowed.map(({ kind }) => kind)]).toEqual([[], ["G0"]]);
  expect(allowed[0]!.operations).toEqual([one, other]);
  expect(allowed[0]!.detail).toContain("T1 (t) ww 1 before 3 in p/0, T2 (t) ww 4 before 2 in q/0, back to T1");
});

test("a cycle with a read is told beside a shorter one of writes alone", () => {
  const [one, other] = [
    transaction([send("1", "p/0", 0, { startMs: 0 }), send("2", "q/0", 1, { startMs: 0 })]),
    transaction([send("3", "p/0", 1, { startMs: 0 }), send("4", "q/0", 0, { startMs: 0 })]),
  ];
  expect(kindsOf([{ ...one, reads: ["4"] }, other])).toEqual(["G0", "G1c-ww"]);
});

test("a transaction of unknown end may be there or not, and is whole once one of its records was read", () => {
  const open = transaction([send("1", "p/0", 0), send("2", "p/0", 1)], { outcome: "unknown" });
  const after: Operation = { kind: "send", client: "w", startMs: ++clock, endMs: clock + 2, sends: [send("3", "p/0", 4)] };
  const read = (...values: string[]) =>
    poll(
      "p/0",
      values.map((value) => [{ "1": 0, "2": 1, "3": 4 }[value]!, value]),
    );
  expect(kindsOf([open, after, read("3")])).toEqual([]);
  expect(kindsOf([open, after, read("1", "2", "3")])).toEqual([]);
  expect(kindsOf([open, after, read("1", "3")])).toEqual(["torn-transaction", "skipped-poll"]);
});

test("a plain send of unknown outcome may turn up later, behind what was sent after it", () => {
  const late: Operation = {
    kind: "send",
    client: "w",
    startMs: 1,
    endMs: 2,
    sends: [send("1", "p/0", null, { outcome: "unknown", startMs: 1, endMs: 2 })],
  };
  const next: Operation = { kind: "send", client: "w", startMs: 3, endMs: 4, sends: [send("2", "p/0", 0, { startMs: 3, endMs: 4 })] };
  expect(kindsOf([late, next, poll("p/0", [[0, "2"]])])).toEqual([]);
  expect(
    kindsOf([
      late,
      next,
      poll("p/0", [
        [0, "2"],
        [1, "1"],
      ]),
    ]),
  ).toEqual([]);
});

test("a client that was assigned anew may read again, and one that was not may not", () => {
  const sent: Operation = { kind: "send", client: "w", startMs: 1, endMs: 2, sends: [send("1", "p/0", 0)] };
  const again = () => poll("p/0", [[0, "1"]], { from: null, to: null });
  const seek: Operation = { kind: "seek", client: "r", startMs: ++clock, endMs: ++clock };
  const first = again();
  expect(kindsOf([sent, first, { ...seek, startMs: ++clock, endMs: ++clock }, again()])).toEqual([]);
  expect(kindsOf([sent, again(), again()])).toEqual(["nonmonotonic-poll"]);
});

test("a record that a batch has before another keeps its place", () => {
  const at = { startMs: 1, endMs: 2 };
  const batch: Operation = { kind: "send", client: "w", ...at, sends: [send("1", "p/0", 1, at), send("2", "p/0", 0, at)] };
  expect(
    kindsOf([
      batch,
      poll("p/0", [
        [0, "2"],
        [1, "1"],
      ]),
    ]),
  ).toEqual(["nonmonotonic-send"]);
});

test("an offset read while commits overlap may be of any of them, and of none that was overwritten before", () => {
  const register = { group: "g", place: "p/0" };
  const commit = (offset: number, startMs: number, endMs: number, outcome: "ok" | "unknown" = "ok"): Operation => {
    return { kind: "commit", client: "c", ...register, offset, startMs, endMs, outcome };
  };
  const read = (offset: number | null, startMs: number): Operation => {
    return { kind: "committed", client: "c", ...register, offset, startMs, endMs: startMs + 1 };
  };
  const commits = [commit(1, 1, 2), commit(2, 3, 6), commit(3, 4, 5), commit(4, 1, 2, "unknown")];
  for (const offset of [2, 3, 4]) expect(kindsOf([...commits, read(offset, 10)])).toEqual([]);
  for (const offset of [1, null]) expect(kindsOf([...commits, read(offset, 10)])).toEqual(["lost-offset"]);
  expect(kindsOf([...commits, read(1, 3)])).toEqual([]);
});

test("a long chain of transactions does not exhaust the stack", () => {
  const chain = Array.from({ length: 20_000 }, (_, i) => transaction([send(`c${i}`, "p/0", i)]));
  const records = chain.map(({ sends }, i): PolledRecord => [i, sends[0]!.value]);
  expect(allOf([...chain, poll("p/0", records)])).toEqual([]);
});
