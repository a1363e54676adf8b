// Share groups: their settings, what is under way, what is behind, and beginning again. Reading from them: sdk/share/share-consumer.ts.

import type { ResetAnswer, ResetRequest } from "../../contract/groups.ts";
import type { DescribedShareGroup, ShareGroupAnswer, ShareGroupPage, ShareSettingsChange } from "../../contract/share-groups.ts";
import type { Client } from "../client.ts";
import { pages } from "./pages.ts";

export class ShareGroupAdmin {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** By id. */
  async *list({ prefix }: { readonly prefix?: string } = {}): AsyncGenerator<ShareGroupPage["groups"][number]> {
    for await (const { groups } of pages<ShareGroupPage>(this.#client, "/v1/share-groups", { prefix })) yield* groups;
  }

  /** Makes the group, or changes its settings: what is absent stays, or has its default. @returns all of them */
  put(groupId: string, settings: ShareSettingsChange): Promise<ShareGroupAnswer> {
    return this.#client.call("PUT", shareGroupPath(groupId), { body: settings });
  }

  /** Settings, and of each partition what is under way, acknowledged, given up and left. */
  describe(groupId: string): Promise<DescribedShareGroup> {
    return this.#client.call("GET", shareGroupPath(groupId));
  }

  /** Moves the start: leases on what is moved are void. Not repeated where an answer was lost: `shiftBy` would shift twice. */
  reset(groupId: string, request: ResetRequest): Promise<ResetAnswer> {
    return this.#client.call("POST", `${shareGroupPath(groupId)}/reset`, { body: request, isRepeatable: false });
  }

  /** And all that it knows: the next pull makes it anew. */
  delete(groupId: string): Promise<void> {
    return this.#client.call("DELETE", shareGroupPath(groupId));
  }
}

export function shareGroupPath(groupId: string): string {
  return `/v1/share-groups/${encodeURIComponent(groupId)}`;
}
