// A member of a group by HTTP: a client with a loop and a few numbers, and no connection.

import type { Broker } from "./broker.ts";

export interface Place {
  readonly topic: string;
  readonly partition: number;
}

export interface GroupRecord extends Place {
  readonly offset: number;
  readonly value: string;
}

export interface GroupFetched {
  readonly memberId: string;
  readonly memberEpoch: number;
  readonly assignment: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
  readonly records: readonly GroupRecord[];
  readonly positions: readonly (Place & { readonly offset: number })[];
  readonly commits: readonly (Place & { readonly code?: string })[];
  readonly failures: readonly (Place & { readonly code?: string })[];
}

export class HttpMember {
  readonly #broker: Broker;
  readonly #groupId: string;
  readonly #body: Record<string, unknown>;
  memberId: string | null = null;
  memberEpoch = 0;
  last: GroupFetched | null = null;

  constructor(broker: Broker, groupId: string, body: Record<string, unknown>) {
    this.#broker = broker;
    this.#groupId = groupId;
    this.#body = body;
  }

  /** Commits what the last answer gave, unless told otherwise, and reads on. @throws the problem where it is refused */
  async fetch(changes: Record<string, unknown> = {}): Promise<GroupFetched> {
    const member =
      this.memberId === null ? {} : { memberId: this.memberId, memberEpoch: this.memberEpoch, commit: this.last?.positions ?? [] };
    const response = await this.#call("POST", "fetch", { ...this.#body, ...member, ...changes });
    if (!response.ok) throw new Error(JSON.stringify(await response.json()));
    this.last = (await response.json()) as GroupFetched;
    this.memberId = this.last.memberId;
    this.memberEpoch = this.last.memberEpoch;
    return this.last;
  }

  /** How many partitions it has. */
  get partitionCount(): number {
    return (this.last?.assignment ?? []).reduce((sum, { partitions }) => sum + partitions.length, 0);
  }

  async leave(): Promise<number> {
    return (await this.#call("DELETE", `members/${this.memberId}`)).status;
  }

  #call(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${this.#broker.url}/v1/groups/${this.#groupId}/${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
  }
}
