// Copies topics from one cluster to another: keys, values, headers, timestamps and partitions as they are, each partition in its order. A
// page is written before the next of its partition is, so that what the target has is always a beginning of what the source has, and a
// mirror that dies goes on where the target's log ends (provenance.ts).
//
// Besides, it notes how far it is as a group's offsets at the source (`sluice-mirror.TARGET-ID`): its lag is seen there, and where the
// target's log has no mirrored record within reach, because all were records that are not sent, it begins there.

import { MAX_MIRROR_WRITES } from "../../common/limits/clients.ts";
import type { TopicPartition } from "../../sdk/consumer/records.ts";
import type { Range } from "../consume/ranges.ts";
import { CliError } from "../failure.ts";
import { recordBytes, type StoredRecord } from "../records/record.ts";
import type { Cluster } from "./cluster.ts";
import { hasBeenIn, withHop } from "./provenance.ts";
import { newestMirrored, translateOffset } from "./target-log.ts";

export interface MirrorOptions {
  readonly source: Cluster;
  readonly target: Cluster;
  readonly topics: readonly string[];
  /** What a topic is called at the target. */
  readonly rename: (topic: string) => string;
  /** End when everything is copied that was there at the start. */
  readonly exitAtEnd: boolean;
  /** Groups whose offsets are translated. */
  readonly groups: readonly string[];
  readonly signal: AbortSignal;
  /** What is done, now and then. */
  onProgress(done: { readonly records: number }): void;
  /** Of a group whose offsets were not to be written. */
  onGroupFailure(groupId: string, error: unknown): void;
}

export interface MirrorResult {
  records: number;
  bytes: number;
  /** Records that came from the target, and were not sent back. */
  skipped: number;
  readonly topics: readonly string[];
  groups: readonly { readonly groupId: string; readonly offsets: number }[];
}

/** How often the place is noted, and groups are translated (ms). */
const NOTE_MS = 5_000;

/** Resolves at the end, or once the signal is aborted and all that was read is written. */
export async function runMirror(options: MirrorOptions): Promise<MirrorResult> {
  const { source, target, topics } = options;
  if (source.id === target.id) throw new CliError(`source and target are the same cluster (${source.id})`);
  const places = await prepareTopics(options);
  const result: MirrorResult = { records: 0, bytes: 0, skipped: 0, topics, groups: [] };
  const ranges = await Promise.all((await notedOffsets(options, places)).map((noted) => rangeOf(options, noted)));
  const done = new Map<Range, number>(ranges.map((range) => [range, range.start]));
  const rangeAt = new Map(ranges.map((range) => [`${range.topic}/${range.partition}`, range]));
  const writes = new Map<Range, Promise<void>>();
  const failed = new AbortController();
  let notedAtMs = Date.now();
  try {
    for await (const page of source.read(ranges, AbortSignal.any([options.signal, failed.signal]))) {
      const range = rangeAt.get(`${page[0]!.topic}/${page[0]!.partition}`)!;
      await writes.get(range);
      if (writes.size >= MAX_MIRROR_WRITES) await Promise.race(writes.values());
      const writing = copyPage(options, page, result).then(() => {
        done.set(range, page.at(-1)!.offset + 1);
        writes.delete(range);
      });
      writing.catch(() => failed.abort()); // it stays among the writes, where it is awaited: also where no further page comes
      writes.set(range, writing);
      if (Date.now() - notedAtMs < NOTE_MS) continue;
      await note(options, done);
      result.groups = await translateGroups(options);
      notedAtMs = Date.now();
    }
  } finally {
    await Promise.allSettled(writes.values());
  }
  await Promise.all(writes.values());
  await note(options, done);
  result.groups = await translateGroups(options);
  return result;
}

async function copyPage(
  { source, target, rename, onProgress }: MirrorOptions,
  page: readonly StoredRecord[],
  result: MirrorResult,
): Promise<void> {
  const { topic, partition } = page[0]!;
  const records = page.filter((record) => !hasBeenIn(record, target.id));
  if (records.length > 0) {
    await target.write(
      { topic: rename(topic), partition },
      records.map((record) => withHop(record, source.id)),
    );
  }
  result.records += records.length;
  result.skipped += page.length - records.length;
  result.bytes += records.reduce((sum, record) => sum + recordBytes(record), 0);
  onProgress({ records: page.length });
}

/** Makes the topics that the target has not. @returns every partition of the source. @throws CliError for a topic with fewer partitions */
async function prepareTopics({ source, target, topics, rename }: MirrorOptions): Promise<TopicPartition[]> {
  const [there, mirrored] = await Promise.all([source.topics(), target.topics()]);
  const places: TopicPartition[] = [];
  for (const topic of topics) {
    const partitions = there.get(topic);
    if (partitions === undefined) throw new CliError(`the source has no topic ${topic}`);
    const name = rename(topic);
    const existing = mirrored.get(name);
    if (existing === undefined) await target.createTopic(name, partitions);
    else if (existing < partitions) {
      throw new CliError(
        `${name} has ${existing} partitions at the target and ${partitions} at the source: add some first (sluice topics alter)`,
      );
    }
    for (let partition = 0; partition < partitions; partition++) places.push({ topic, partition });
  }
  return places;
}

interface Noted extends TopicPartition {
  readonly offset: number | null;
}

async function notedOffsets({ source, target }: MirrorOptions, places: readonly TopicPartition[]): Promise<Noted[]> {
  const committed = await source.committed(noteGroup(target));
  const offsets = new Map(committed.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]));
  return places.map((place) => ({ ...place, offset: offsets.get(`${place.topic}/${place.partition}`) ?? null }));
}

/** What is left to copy of a partition. A note about a target that was made anew, and is empty, counts for nothing. */
async function rangeOf({ source, target, rename, exitAtEnd }: MirrorOptions, { topic, partition, offset: noted }: Noted): Promise<Range> {
  const place = { topic: rename(topic), partition };
  const [from, to] = await Promise.all([source.logRange({ topic, partition }), target.logRange(place)]);
  const newest = await newestMirrored(target, place, { clusterId: source.id, topic, partition }, to);
  if (newest !== null && newest >= from.end) {
    throw new CliError(
      `${place.topic}/${partition} has a copy of offset ${newest}, and ${topic}/${partition} ends at ${from.end}: the topic was made anew, so mirror it under another name (--prefix)`,
    );
  }
  const resumed = newest === null ? (to.end > 0 ? (noted ?? 0) : 0) : Math.max(newest + 1, noted ?? 0);
  return { topic, partition, start: Math.max(from.start, Math.min(resumed, from.end)), end: exitAtEnd ? from.end : null };
}

function noteGroup({ id }: Cluster): string {
  return `sluice-mirror.${id}`;
}

/** A source that lets nobody commit is mirrored all the same: the note is a help, not the truth. */
async function note({ source, target, onGroupFailure }: MirrorOptions, done: ReadonlyMap<Range, number>): Promise<void> {
  const groupId = noteGroup(target);
  const offsets = [...done].map(([{ topic, partition }, offset]) => ({ topic, partition, offset }));
  await source.commit(groupId, offsets).catch((error: unknown) => onGroupFailure(groupId, error));
}

/** A group that has members at the target is theirs: its offsets stay as they are. */
async function translateGroups(options: MirrorOptions): Promise<MirrorResult["groups"]> {
  const { source, target, topics, rename, groups, onGroupFailure } = options;
  const translated: { groupId: string; offsets: number }[] = [];
  for (const groupId of groups) {
    try {
      const committed = (await source.committed(groupId)).filter(({ topic }) => topics.includes(topic));
      const offsets = await Promise.all(
        committed.map(async ({ topic, partition, offset }) => {
          const place = { topic: rename(topic), partition };
          const origin = { clusterId: source.id, topic, partition };
          return { ...place, offset: await translateOffset(target, place, origin, offset, await target.logRange(place)) };
        }),
      );
      if (offsets.length > 0) await target.commit(groupId, offsets);
      translated.push({ groupId, offsets: offsets.length });
    } catch (error) {
      onGroupFailure(groupId, error);
    }
  }
  return translated;
}
