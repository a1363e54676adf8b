// A member in a process of its own, which can be killed as no client in this one can. The program gets its settings as JSON and says on
// stdout, a line of JSON each:
//
//   {"assigned": ["topic/partition", …]}   all that it has now
//   {"record": {topic, partition, offset, value}}   and waits for {"ack": true} before it goes on
//   {"obeyed": number of the order}   once its client has done it
//   {"failed": "why"}   and ends
//
// On stdin it is told {"ack": true}, {"leave": true}, and orders with their number: {"order": 1, "seek": {topic, partition, offset}},
// {"order": 2, "pause": [place, …]}, {"order": 3, "resume": [place, …]}.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Broker } from "../../support/broker.ts";
import type { Member, MemberOptions, Seen } from "./member.ts";

type Said = { readonly assigned: string[] } | { readonly record: Seen } | { readonly obeyed: number } | { readonly failed: string };

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
    const orders = new Map<number, () => void>();
    const tell = (command: unknown): void => {
      if (child.exitCode === null && child.signalCode === null) child.stdin.write(`${JSON.stringify(command)}\n`);
    };
    /** Until the client has done it: what is produced after that, it reads from where it was told to. */
    const order = async (what: object): Promise<void> => {
      const number = orders.size + 1;
      const isObeyed = new Promise<void>((resolve) => orders.set(number, resolve));
      tell({ order: number, ...what });
      await Promise.race([isObeyed, ended]);
    };
    child.stdin.on("error", () => undefined); // it has ended: `close` says so
    child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
    createInterface({ input: child.stdout }).on("line", async (line) => {
      const said = JSON.parse(line) as Said;
      if ("assigned" in said) {
        assigned = said.assigned.sort();
        timesAssigned += 1;
      } else if ("obeyed" in said) orders.get(said.obeyed)?.();
      else if ("failed" in said) failure = said.failed;
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
      seek: (place, offset) => order({ seek: { ...place, offset } }),
      pause: (places) => order({ pause: places }),
      resume: (places) => order({ resume: places }),
      leave: () => end(() => tell({ leave: true })),
      crash: () => end(() => child.kill("SIGKILL")),
    };
  };
}
