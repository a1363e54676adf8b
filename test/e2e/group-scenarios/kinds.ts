// The kinds of members, and the line-ups in which they make a group: each kind alone, and kinds that take turns. What a client cannot do
// stands here with the reason; a scenario that needs it is run without that kind, and says so.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Broker } from "../../support/broker.ts";
import { startKafkajsMember } from "./kafkajs-member.ts";
import type { Member, MemberOptions } from "./member.ts";
import { startProcessMember } from "./process-member.ts";
import { startSdkMember } from "./sdk-member.ts";

/** Debian's own, which has Debian's packages, whatever else is on the path. */
const PYTHON = "/usr/bin/python3";
const program = (name: string): string => fileURLToPath(new URL(`../clients/${name}`, import.meta.url));

/**
 * What not every client can.
 *
 * - `exact`: commits what it has processed before it gives a partition back, so that a rebalance repeats nothing
 * - `seek`, `pause`: of single partitions, in the middle of reading
 * - `pattern`: a subscription by regular expression, to topics that come later too
 * - `static`: a member with an instance id, which comes back within its session after a crash
 * - `stay`: a static member that ends without leaving its group
 * - `fenced`: a static member that ends once its name is another's
 */
export type Ability = "exact" | "seek" | "pause" | "pattern" | "static" | "stay" | "fenced";

export interface Kind {
  readonly name: string;
  readonly start: (broker: Broker, options: MemberOptions) => Promise<Member>;
  readonly cannot: Partial<Record<Ability, string>>;
  /** Whether the group goes on waiting for a member whose handler is slow, or has the records handled by others. */
  readonly whenSlow: "kept" | "fenced";
}

const sdk: Kind = { name: "sdk", start: startSdkMember, cannot: {}, whenSlow: "kept" };

const kafkajs: Kind = {
  name: "kafkajs",
  start: startKafkajsMember,
  cannot: {
    static: "kafkajs sends no group.instance.id",
    stay: "kafkajs sends no group.instance.id",
    fenced: "kafkajs sends no group.instance.id",
    pattern: "kafkajs resolves a pattern once, when it subscribes: later topics are not joined",
  },
  whenSlow: "fenced", // its heartbeats go between records
};

const platformatic: Kind = {
  name: "platformatic",
  start: startProcessMember([process.execPath, program("group-member.ts")]),
  cannot: {
    exact: "@platformatic/kafka gives partitions back without waiting for the commits under way",
    seek: "@platformatic/kafka cannot move a stream that is open",
    pause: "@platformatic/kafka can pause a stream as a whole only",
    pattern: "@platformatic/kafka subscribes to names only",
    fenced: "@platformatic/kafka joins anew with the name that it has lost: the two take it from each other for ever",
    stay: "@platformatic/kafka leaves for good when it is closed, as a static member too",
  },
  whenSlow: "kept", // its heartbeats go by a timer, whatever the handler does
};

const librdkafka: Kind = {
  name: "librdkafka",
  start: startProcessMember([PYTHON, program("group_member.py")]),
  cannot: {},
  whenSlow: "fenced", // by itself, after max.poll.interval.ms
};

export const HAS_LIBRDKAFKA = spawnSync(PYTHON, ["-c", "import confluent_kafka"]).status === 0;
if (!HAS_LIBRDKAFKA) console.error("python3-confluent-kafka is not installed: GROUPS ARE NOT TESTED WITH LIBRDKAFKA. .ci/run installs it.");

export interface Lineup {
  readonly name: string;
  /** Members take these in turn. */
  readonly kinds: readonly Kind[];
}

const INSTALLED = [sdk, kafkajs, platformatic, ...(HAS_LIBRDKAFKA ? [librdkafka] : [])];

export const LINEUPS: readonly Lineup[] = [
  ...INSTALLED.map((kind) => ({ name: kind.name, kinds: [kind] })),
  { name: "sdk and kafkajs", kinds: [sdk, kafkajs] },
  { name: "all kinds", kinds: INSTALLED },
];

/** What the line-up is without those who cannot. */
export function without(
  { name, kinds }: Lineup,
  needs: readonly Ability[],
): { readonly lineup: Lineup; readonly reasons: readonly string[] } {
  const reasons = kinds.flatMap(({ cannot }) => needs.flatMap((need) => cannot[need] ?? []));
  return { lineup: { name, kinds: kinds.filter(({ cannot }) => needs.every((need) => cannot[need] === undefined)) }, reasons };
}
