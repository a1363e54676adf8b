// Members in a process of their own, which can be killed as no client in this one can: one in each, or a crowd together, where none of them is
// to die alone. The program says on stdout, a line of JSON each, of which member it is:
//
//   {"member": 1, "assigned": ["topic/partition", …]}   all that it has now
//   {"member": 1, "record": {topic, partition, offset, value}}   and waits for {"ack": true} before it goes on
//   {"member": 1, "obeyed": number of the order}   once its client has done it
//   {"member": 1, "failed": "why"}   and ends
//   {"member": 1, "left": true}   its client is closed
//
// On stdin it is told {"member": 1, "start": settings}, {"member": 1, "ack": true}, {"member": 1, "leave": true}, and orders with their number:
// {"member": 1, "order": 1, "seek": {topic, partition, offset}}, … "pause": [place, …]}, … "resume": [place, …]}. It ends with its stdin.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Broker } from "../../support/broker.ts";
import type { Member, MemberOptions, Seen } from "./member.ts";

export type MemberSettings = Omit<MemberOptions, "handle" | "isOneOfMany"> & { readonly address: string };

type Said =
  | { readonly assigned: string[] }
  | { readonly record: Seen }
  | { readonly obeyed: number }
  | { readonly failed: string }
  | { readonly left: true };

export type Order = { readonly member: number } & (
  | { readonly start: MemberSettings }
  | { readonly ack: true }
  | { readonly leave: true }
  | { readonly order: number }
);

/** @param command the program and its first arguments */
export function startProcessMember(command: readonly [string, ...string[]]) {
  /** Of crowds, by their group. */
  const shared = new Map<string, Host>();
  return async (broker: Broker, { handle, isOneOfMany, ...options }: MemberOptions): Promise<Member> => {
    const settings: MemberSettings = { address: broker.kafkaAddress, ...options };
    if (!isOneOfMany) return processMember(new Host(command), settings, handle);
    const crowd = `${broker.kafkaAddress} ${settings.groupId}`;
    const known = shared.get(crowd);
    const host = known === undefined || known.hasEnded ? new Host(command) : known;
    shared.set(crowd, host);
    return processMember(host, settings, handle);
  };
}

/** A process with members. It is told to end when the last of them has left. */
class Host {
  readonly #child: ChildProcess;
  readonly #listeners = new Map<number, (said: Said) => void | Promise<void>>();
  readonly ended: Promise<void>;
  /** What it printed to stderr. */
  complaints = "";
  #members = 0;

  constructor([program, ...args]: readonly [string, ...string[]]) {
    this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.ended = once(this.#child, "close").then(() => undefined);
    this.#child.stdin!.on("error", () => undefined); // it has ended: `close` says so
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => (this.complaints += text));
    createInterface({ input: this.#child.stdout! }).on("line", (line) => {
      const { member, ...said } = JSON.parse(line) as Said & { member: number };
      void this.#listeners.get(member)?.(said as Said);
    });
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.stdin!.writableEnded;
  }

  /** @returns the member's number */
  join(listener: (said: Said) => void | Promise<void>): number {
    const member = this.#members++;
    this.#listeners.set(member, listener);
    return member;
  }

  tell(order: Order): void {
    if (!this.hasEnded) this.#child.stdin!.write(`${JSON.stringify(order)}\n`);
  }

  async leave(member: number): Promise<void> {
    this.#listeners.delete(member);
    if (this.#listeners.size > 0) return;
    this.#child.stdin!.end();
    await this.ended;
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended;
  }
}

function processMember(host: Host, settings: MemberSettings, handle: MemberOptions["handle"]): Member {
  let assigned: readonly string[] | null = null;
  let timesAssigned = 0;
  let failure: string | null = null;
  let isEnding = false;
  const left = Promise.withResolvers<void>();
  const orders = new Map<number, () => void>();
  const member = host.join(async (said) => {
    if ("assigned" in said) {
      assigned = said.assigned.toSorted();
      timesAssigned += 1;
    } else if ("obeyed" in said) orders.get(said.obeyed)?.();
    else if ("failed" in said) failure = said.failed;
    else if ("left" in said) left.resolve();
    else {
      await handle(said.record);
      host.tell({ member, ack: true });
    }
  });
  /** Until the client has done it: what is produced after that, it reads from where it was told to. */
  const order = async (what: object): Promise<void> => {
    const number = orders.size + 1;
    const isObeyed = new Promise<void>((resolve) => orders.set(number, resolve));
    host.tell({ member, order: number, ...what });
    await Promise.race([isObeyed, host.ended]);
  };
  void host.ended.then(() => {
    if (!isEnding) failure ??= `the process ended: ${host.complaints}`;
  });
  host.tell({ member, start: settings });
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
    async leave() {
      isEnding = true;
      host.tell({ member, leave: true });
      await Promise.race([left.promise, host.ended]);
      await host.leave(member);
    },
    /** With all that share its process. */
    async crash() {
      isEnding = true;
      await host.kill();
    },
  };
}
