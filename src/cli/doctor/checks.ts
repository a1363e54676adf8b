// What `sluice doctor` looks at, one thing after the other: each check says what it found, and what to do where that is not as it should be.
// What later checks need and an earlier one did not find, they are skipped for.

import { randomUUID } from "node:crypto";
import { VERSION } from "../../common/version.ts";
import { SluiceError } from "../../sdk/errors.ts";
import { Histogram } from "../../sdk/histogram.ts";
import { readRanges } from "../consume/read-ranges.ts";
import { describeFailure } from "../failure.ts";
import { openProducer } from "../produce/open-producer.ts";
import type { Session } from "../session.ts";

export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly found: string;
  /** What to do; absent where nothing is to be done. */
  readonly advice?: string;
}

/** Groups' sessions, tokens' ends and retention go by clocks: beyond this they are visibly wrong. */
const MAX_SKEW_MS = 5_000;

const PROBE_RECORDS = 20;

/** Every check, as it is done. */
export async function* runChecks(session: Session): AsyncGenerator<Finding> {
  const address = await checkAddress(session);
  yield address;
  if (!address.ok) return;
  const [access, cluster] = await checkAccess(session);
  yield access;
  if (cluster === null) return;
  yield checkVersion(cluster.version);
  yield* checkRoundTrip(session);
}

async function checkAddress({ client, settings }: Session): Promise<Finding> {
  const check = "address";
  try {
    const startedAt = performance.now();
    await client.call("GET", "/healthz");
    return { check, ok: true, found: `${settings.url} answers in ${(performance.now() - startedAt).toFixed(0)} ms` };
  } catch (error) {
    return { check, ok: false, found: wordsOf(error), advice: "start the broker (`sluice serve`), or give its address: --url, SLUICE_URL" };
  }
}

async function checkAccess({ admin, settings }: Session): Promise<[Finding, { version: string } | null]> {
  const check = "access";
  try {
    const cluster = await admin.cluster();
    const how = settings.token === undefined ? "no token is needed" : "the token is taken";
    return [{ check, ok: true, found: `${how}; cluster ${cluster.clusterId}` }, cluster];
  } catch (error) {
    const advice =
      settings.token === undefined
        ? "give the token: SLUICE_TOKEN or --token"
        : "the token is not this broker's: ask whoever runs it for another";
    return [{ check, ok: false, found: wordsOf(error), advice }, null];
  }
}

/** Versions are MAJOR.MINOR.PATCH; what is before 1.0 may change with each minor. */
function checkVersion(broker: string): Finding {
  const ok = broker.split(".").slice(0, 2).join(".") === VERSION.split(".").slice(0, 2).join(".");
  const found = `broker ${broker}, command line ${VERSION}`;
  return { check: "versions", ok, found, ...(ok ? {} : { advice: "run the command line of the broker's version" }) };
}

/** With a topic of its own, which is deleted whatever happens. */
async function* checkRoundTrip(session: Session): AsyncGenerator<Finding> {
  const { admin } = session;
  const topic = `sluice-doctor-${randomUUID()}`;
  const askedAt = Date.now();
  let createdAt: number;
  try {
    ({ createdAt } = await admin.topics.create({ name: topic, partitions: 1 }));
    yield { check: "make a topic", ok: true, found: topic };
  } catch (error) {
    yield { check: "make a topic", ok: false, found: wordsOf(error), advice: adviceOnRights(error, "CREATE on the cluster or on topics") };
    return;
  }
  try {
    yield checkClock(createdAt, askedAt, Date.now());
    yield await checkRecords(session, topic);
  } finally {
    await admin.topics.delete(topic);
  }
}

/** The broker's clock between the question and the answer, by ours. */
export function checkClock(brokerMs: number, askedAtMs: number, answeredAtMs: number): Finding {
  const skewMs = brokerMs < askedAtMs ? askedAtMs - brokerMs : Math.max(0, brokerMs - answeredAtMs);
  const ok = skewMs <= MAX_SKEW_MS;
  const found = skewMs === 0 ? "this machine's and the broker's agree" : `${skewMs} ms between this machine's and the broker's`;
  return { check: "clock", ok, found, ...(ok ? {} : { advice: "set this machine's clock by NTP: timestamps and expiries go by it" }) };
}

async function checkRecords(session: Session, topic: string): Promise<Finding> {
  const check = "write and read";
  const latency = new Histogram();
  const values = Array.from({ length: PROBE_RECORDS }, () => randomUUID());
  const producer = openProducer(session, { compression: "none", lingerMs: 0 });
  try {
    for (const value of values) {
      const sentAt = performance.now();
      await producer.send({ topic, value });
      latency.record(performance.now() - sentAt);
    }
    const read: string[] = [];
    for await (const page of readRanges(session, [{ topic, partition: 0, start: 0, end: PROBE_RECORDS }], session)) {
      read.push(...page.map(({ value }) => Buffer.from(value ?? []).toString()));
    }
    const { p50Ms, maxMs } = latency.percentiles();
    const ok = read.join() === values.join();
    const found = `${read.length} of ${PROBE_RECORDS} records came back as they were sent; a write takes ${p50Ms.toFixed(1)} ms (p50), ${maxMs.toFixed(1)} ms at most`;
    return { check, ok, found, ...(ok ? {} : { advice: "keep the broker's log and tell its developers: this must not be" }) };
  } catch (error) {
    return { check, ok: false, found: wordsOf(error), advice: adviceOnRights(error, "READ and WRITE on topics") };
  } finally {
    await producer.close();
  }
}

function adviceOnRights(error: unknown, rights: string): string {
  return error instanceof SluiceError && error.status === 403
    ? `the token may not: it needs ${rights} (sluice acls add …)`
    : "see the broker's own output for the reason";
}

function wordsOf(error: unknown): string {
  const failure = describeFailure(error);
  if (failure === null) throw error;
  return failure.message;
}
