// Consumer groups: what they are, where they stand, and moving them.

import type {
  CommitAnswer,
  CommitRequest,
  DescribedGroup,
  GroupOffsets,
  GroupPage,
  ResetAnswer,
  ResetRequest,
} from "../../contract/groups.ts";
import type { Client } from "../client.ts";
import { pages } from "./pages.ts";

export class GroupAdmin {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** By id. */
  async *list({ prefix }: { readonly prefix?: string } = {}): AsyncGenerator<GroupPage["groups"][number]> {
    for await (const { groups } of pages<GroupPage>(this.#client, "/v1/groups", { prefix })) yield* groups;
  }

  /** State, members, committed offsets and lag. */
  describe(groupId: string): Promise<DescribedGroup> {
    return this.#client.call("GET", groupPath(groupId));
  }

  /** Committed offsets and lag. */
  offsets(groupId: string, { topic }: { readonly topic?: string } = {}): Promise<GroupOffsets> {
    return this.#client.call("GET", `${groupPath(groupId)}/offsets`, { query: { topic } });
  }

  /** Commits offsets: as a member, or for a group that has none. @param force though it has members */
  commit(groupId: string, request: CommitRequest, { force }: { readonly force?: boolean } = {}): Promise<CommitAnswer> {
    return this.#client.call("POST", `${groupPath(groupId)}/commit`, { body: request, query: { force } });
  }

  /** Moves a group without members. Not repeated where an answer was lost: `shiftBy` would shift twice. */
  reset(groupId: string, request: ResetRequest): Promise<ResetAnswer> {
    return this.#client.call("POST", `${groupPath(groupId)}/reset`, { body: request, isRepeatable: false });
  }

  /** Puts a member out. */
  removeMember(groupId: string, memberId: string): Promise<void> {
    return this.#client.call("DELETE", `${groupPath(groupId)}/members/${encodeURIComponent(memberId)}`);
  }

  delete(groupId: string): Promise<void> {
    return this.#client.call("DELETE", groupPath(groupId));
  }
}

export function groupPath(groupId: string): string {
  return `/v1/groups/${encodeURIComponent(groupId)}`;
}
