// Users, tokens, ACLs and quotas.

import type {
  Acl,
  AclFilter,
  AclRequest,
  CreateTokenRequest,
  ListedUser,
  PutUserRequest,
  SetQuotaRequest,
} from "../../contract/security.ts";
import type { Client } from "../client.ts";
import { refusalOf, type SluiceError } from "../errors.ts";

export type DescribedUser = ListedUser & { readonly acls: readonly Acl[] };

export interface Token {
  readonly name: string;
  /** ms */
  readonly createdAt: number;
  /** ms; null: never */
  readonly expiresAt: number | null;
}

export class SecurityAdmin {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async users(): Promise<readonly ListedUser[]> {
    return (await this.#client.call<{ users: ListedUser[] }>("GET", "/v1/users")).users;
  }

  user(name: string): Promise<DescribedUser> {
    return this.#client.call("GET", `/v1/users/${encodeURIComponent(name)}`);
  }

  /** Makes a user, or gives one another password. */
  putUser(name: string, user: PutUserRequest): Promise<void> {
    return this.#client.call("PUT", `/v1/users/${encodeURIComponent(name)}`, { body: user });
  }

  deleteUser(name: string): Promise<void> {
    return this.#client.call("DELETE", `/v1/users/${encodeURIComponent(name)}`);
  }

  async tokens(): Promise<readonly (Token & { readonly acls: readonly Acl[] })[]> {
    return (await this.#client.call<{ tokens: (Token & { acls: Acl[] })[] }>("GET", "/v1/tokens")).tokens;
  }

  /** Its text is in the answer, this once. Not repeated where an answer was lost: the text would be too. */
  createToken(request: CreateTokenRequest): Promise<Token & { readonly token: string }> {
    return this.#client.call("POST", "/v1/tokens", { body: request, isRepeatable: false });
  }

  deleteToken(name: string): Promise<void> {
    return this.#client.call("DELETE", `/v1/tokens/${encodeURIComponent(name)}`);
  }

  async acls(filter: AclFilter = {}): Promise<readonly Acl[]> {
    return (await this.#client.call<{ acls: Acl[] }>("GET", "/v1/acls", { query: filter })).acls;
  }

  /** @returns for each why it was refused, or null. @throws SluiceError where all were */
  async createAcls(acls: readonly AclRequest[]): Promise<readonly (SluiceError | null)[]> {
    const { results } = await this.#client.call<{ results: { code?: string; detail?: string }[] }>("POST", "/v1/acls", { body: { acls } });
    return results.map(refusalOf);
  }

  /** @returns those that were deleted */
  async deleteAcls(filter: AclFilter): Promise<readonly Acl[]> {
    return (await this.#client.call<{ acls: Acl[] }>("DELETE", "/v1/acls", { query: filter, isRepeatable: false })).acls;
  }

  async quotas(): Promise<readonly SetQuotaRequest[]> {
    return (await this.#client.call<{ quotas: SetQuotaRequest[] }>("GET", "/v1/quotas")).quotas;
  }

  setQuota(quota: SetQuotaRequest): Promise<void> {
    return this.#client.call("PUT", "/v1/quotas", { body: quota });
  }
}
