// Runs a scenario for every line-up, at the same time: most of it is waiting for others. Who cannot take part is said in the test's name and on
// stderr, and a line-up in which nobody can has no test: what a client cannot do, no run can show.

import { describe, test } from "vitest";
import type { Broker } from "../../support/broker.ts";
import { Group, type StartOptions } from "./group.ts";
import { type Ability, LINEUPS, type Lineup, without } from "./kinds.ts";

export interface ScenarioOptions {
  readonly on: () => Broker;
  readonly needs?: readonly Ability[];
  /** Line-ups to run; all where absent. */
  readonly lineups?: readonly Lineup[];
  /** Of each member, unless it is started with others. */
  readonly members?: StartOptions;
}

let lastNumber = 0;

/** @param run gets a group of its own, and the name of a topic that only it has, or makes others from it */
export function scenario(
  name: string,
  { on, needs = [], lineups = LINEUPS, members: defaults = {} }: ScenarioOptions,
  run: (group: Group, topic: string) => Promise<void>,
): void {
  const known = new Set<string>();
  describe(name, () => {
    for (const full of lineups) {
      const { lineup, reasons } = without(full, needs);
      if (full.kinds.length === 1 && reasons.length > 0) console.error(`NOT TESTED: "${name}": ${reasons.join("; ")}`);
      // A mixed line-up with one kind left is that kind's own.
      const isRun = lineup.kinds.length > (full.kinds.length > 1 ? 1 : 0);
      const left = full.kinds.filter((kind) => !lineup.kinds.includes(kind)).map((kind) => kind.name);
      const title = left.length > 0 ? `${full.name} (without ${left.join(" and ")})` : full.name;
      const members = lineup.kinds.map((kind) => kind.name).join();
      if (!isRun || known.has(members)) continue; // what is left of it is nobody, or another line-up
      known.add(members);
      test.concurrent(title, async ({ onTestFinished }) => {
        const number = ++lastNumber;
        const group = new Group(on(), `group-${number}`, lineup, defaults);
        onTestFinished(() => group.end());
        await run(group, `topic-${number}`);
      });
    }
  });
}
