// A member in a process of its own, which can be killed as no client in this one can. The program gets its settings as JSON and says on
// stdout, a line of JSON each:
//
//   {"assigned": ["topic/partition", …]}   all that it has now
//   {"record": {topic, partition, offset, value}}   and waits for {"ack": true} before it goes on
//   {"failed": "why"}   and ends
//
// On stdin it is told {"ack": true}, {"seek": {topic, partition, offset}}, {"pause": [place, …]}, {"resume": [place, …]}, {"leave": true}.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Broker } from "../../support/broker.ts";
import type { Member, MemberOptions, Seen } from "./member.ts";

type Said = { readonly assigned: string[] } | { readonly record: Seen } | { readonly failed: string };

/** @param command the program and its first arguments */
export function startProcessMember([program, ...args]: readonly [string, ...string[]]) {
  return async (broker: Broker, { handle, ...options }: MemberOptions): Promise<Member> => {
    const settings = JSON.stringify({ address: broker.kafkaAddress, ...options });
    const child = spawn(program, [...args, settings], { stdio: ["pipe", "pipe", "pipe"] });
    const ended = once(child, "close");
    let assigned: string[] | null = null;
    let timesAssigned = 0;
    let failure: string | null = null;
    let complaints = "";
    let isEnding = false;
    const tell = (command: unknown): void => {
      if (child.exitCode === null && child.signalCode === null) child.stdin.write(`${JSON.stringify(command)}\n`);
    };
    child.stdin.on("error", () => undefined); // it has ended: `close` says so
    child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
    createInterface({ input: child.stdout }).on("line", async (line) => {
      const said = JSON.parse(line) as Said;
      if ("assigned" in said) {
        assigned = said.assigned.sort();
        timesAssigned += 1;
      } else if ("failed" in said) failure = said.failed;
      else {
        await handle(said.record);
        tell({ ack: true });
      }
    });
    void ended.then(([code]) => {
      if (!isEnding && failure === null) failure = `the process ended with code ${code}: ${complaints}`;
    });
    const end = async (how: () => void): Promise<void> => {
      isEnding = true;
      how();
      await ended;
    };
    return {
      assigned: () => assigned,
      get timesAssigned() {
        return timesAssigned;
      },
      get failure() {
        return failure;
      },
      seek: async (place, offset) => tell({ seek: { ...place, offset } }),
      pause: async (places) => tell({ pause: places }),
      resume: async (places) => tell({ resume: places }),
      leave: () => end(() => tell({ leave: true })),
      crash: () => end(() => child.kill("SIGKILL")),
    };
  };
}
