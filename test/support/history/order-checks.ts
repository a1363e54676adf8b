// The order of a partition: one value at an offset, one offset for a value, and sends and polls that go forward.

import type { Anomaly } from "./anomalies.ts";
import type { History, Operation, Place, PollOperation } from "./history.ts";
import type { ObservedLog, SentValue } from "./observed-log.ts";

/** Inconsistent offsets and duplicates. */
export function checkPositions(log: ObservedLog): Anomaly[] {
  const anomalies: Anomaly[] = [];
  const homes = new Map<string, { at: string; operation: Operation }>();
  for (const place of log.places) {
    for (const [offset, sightings] of log.sightings(place)) {
      const at = `${place}@${offset}`;
      if (sightings.length > 1) {
        const values = sightings.map(({ value }) => value).join(" and ");
        const operations = sightings.map((sighting) => sighting.operations[0]!);
        anomalies.push({ kind: "inconsistent-offset", detail: `${at} holds ${values}`, operations });
      }
      for (const { value, operations } of sightings) {
        const home = homes.get(value);
        if (home === undefined) homes.set(value, { at, operation: operations[0]! });
        else {
          const detail = `${value} is at ${home.at} and at ${at}`;
          anomalies.push({ kind: "duplicate", detail, operations: [home.operation, operations[0]!] });
        }
      }
    }
  }
  return anomalies;
}

/** Sends that the log has in another order than they were acknowledged and sent in, of one client or of several. */
export function checkSends(log: ObservedLog): Anomaly[] {
  const anomalies: Anomaly[] = [];
  const byPlace = Map.groupBy(
    [...log.sent.values()].filter(({ send }) => log.offsetOf(send.value) !== null),
    ({ send }) => send.place,
  );
  for (const sents of byPlace.values()) {
    /** Of those with a greater offset: the one that was acknowledged first. */
    let first: SentValue | null = null;
    for (const sent of sents.sort((one, other) => log.offsetOf(other.send.value)! - log.offsetOf(one.send.value)!)) {
      if (first !== null && first.send.endMs < sent.send.startMs) anomalies.push(backwards(log, first, sent));
      if (sent.send.outcome === "ok" && (first === null || sent.send.endMs < first.send.endMs)) first = sent;
    }
  }
  return [...anomalies, ...checkBatches(log)];
}

/** Records of one request keep their order. */
function checkBatches(log: ObservedLog): Anomaly[] {
  const anomalies: Anomaly[] = [];
  const last = new Map<string, SentValue>();
  for (const sent of log.sent.values()) {
    const { send, writer } = sent;
    const offset = log.offsetOf(send.value);
    if (offset === null) continue;
    const place = `${writer.client} ${send.place}`;
    const before = last.get(place);
    const isSameRequest = before?.writer === writer && before.send.startMs === send.startMs;
    if (isSameRequest && log.offsetOf(before.send.value)! >= offset) anomalies.push(backwards(log, before, sent));
    last.set(place, sent);
  }
  return anomalies;
}

function backwards(log: ObservedLog, first: SentValue, second: SentValue): Anomaly {
  const at = ({ send }: SentValue) => `${send.value} at ${send.place}@${log.offsetOf(send.value)}`;
  const operations = first.writer === second.writer ? [first.writer] : [first.writer, second.writer];
  return { kind: "nonmonotonic-send", detail: `${at(second)} was sent after ${at(first)}`, operations };
}

/** Polls that go back, repeat, or leave out what a reader of their isolation must get. Within a poll, and from one to the next. */
export function checkPolls(history: History, log: ObservedLog): Anomaly[] {
  const anomalies: Anomaly[] = [];
  const visible = new VisibleOffsets(log);
  for (const operations of Map.groupBy(history, ({ client }) => client).values()) {
    const before = new Map<Place, PollOperation>();
    for (const operation of operations.sort((one, other) => one.startMs - other.startMs)) {
      if (operation.kind === "seek") before.clear();
      if (operation.kind !== "poll") continue;
      const last = before.get(operation.place);
      anomalies.push(...checkPoll(operation, last ?? null, visible, log));
      if (operation.records.length > 0 || operation.to !== null) before.set(operation.place, operation);
    }
  }
  return anomalies;
}

function checkPoll(poll: PollOperation, last: PollOperation | null, visible: VisibleOffsets, log: ObservedLog): Anomaly[] {
  const offsets = poll.records.map(([offset]) => offset);
  const from = poll.from ?? (last === null ? null : endOf(last)) ?? offsets[0] ?? 0;
  const operations = last === null ? [poll] : [last, poll];
  const anomalies: Anomaly[] = [];
  let next = from;
  for (const offset of offsets) {
    if (offset < next) {
      const detail = `${poll.place}@${offset} where ${next} or more comes next`;
      return [{ kind: "nonmonotonic-poll", detail, operations }];
    }
    next = offset + 1;
  }
  const got = new Set(offsets);
  const skipped = visible.between(poll, from, endOf(poll) ?? from).filter((offset) => !got.has(offset));
  if (skipped.length > 0) {
    const writers = log
      .sightings(poll.place)
      .filter(([offset]) => offset === skipped[0])
      .flatMap(([, sightings]) => sightings.map((sighting) => sighting.operations[0]!));
    const detail = `${poll.place}@${skipped.join()} between ${from} and ${endOf(poll)}`;
    anomalies.push({ kind: "skipped-poll", detail, operations: [...operations, ...writers] });
  }
  return anomalies;
}

/** Where a poll left its client; null where it got nothing and does not say. */
function endOf({ to, records }: PollOperation): number | null {
  const last = records.at(-1);
  return to ?? (last === undefined ? null : last[0] + 1);
}

class VisibleOffsets {
  readonly #log: ObservedLog;
  readonly #offsets = new Map<string, readonly number[]>();

  constructor(log: ObservedLog) {
    this.#log = log;
  }

  /** Those that a reader of the poll's isolation must get, `end` excluded. */
  between({ place, isolation }: PollOperation, from: number, end: number): readonly number[] {
    const key = `${place} ${isolation}`;
    const offsets = this.#offsets.get(key) ?? this.#log.visibleOffsets(place, isolation);
    this.#offsets.set(key, offsets);
    return offsets.slice(firstFrom(offsets, from), firstFrom(offsets, end));
  }
}

/** The index of the first offset that is not below. */
function firstFrom(offsets: readonly number[], offset: number): number {
  let [low, high] = [0, offsets.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (offsets[middle]! < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
