// What the cluster object and the edge say to each other about users, tokens, ACLs and quotas: plain data (structured clone).

import type { Failure } from "../common/errors.ts";
import type { ScramMechanism } from "../common/security-words.ts";
import type { AclBinding, AclFilter } from "./acl.ts";
import type { ClientQuota, QuotaChange } from "./client-quota.ts";
import type { ScramCredential } from "./scram.ts";

/** One way for a user to authenticate. */
export interface UserCredential extends ScramCredential {
  readonly user: string;
  readonly mechanism: ScramMechanism;
}

/** A token for a program, as it is kept: its text is told once and stored nowhere. */
export interface ApiToken {
  readonly name: string;
  /** SHA-256 of its text, hex. */
  readonly hash: string;
  readonly createdAtMs: number;
  /** null: never. */
  readonly expiresAtMs: number | null;
}

/** All that the edge needs to decide, at one version. */
export interface SecuritySnapshot {
  /** Rises with every change. */
  readonly version: number;
  /** Random, made once: what unknown users are answered with follows from it. */
  readonly decoySecret: string;
  readonly credentials: readonly UserCredential[];
  readonly tokens: readonly ApiToken[];
  readonly acls: readonly AclBinding[];
  readonly quotas: readonly ClientQuota[];
}

export interface CredentialDeletion {
  readonly user: string;
  readonly mechanism: ScramMechanism;
}

/** A user made, or given another password. */
export interface PutUserRequest {
  readonly user: string;
  /** Replace all that the user has. */
  readonly credentials: readonly UserCredential[];
  /** Replace all bindings of the user's principal; absent: they stay. */
  readonly acls?: readonly AclBinding[];
}

export interface CreateTokenRequest {
  readonly name: string;
  readonly hash: string;
  readonly expiresAtMs: number | null;
  readonly acls: readonly AclBinding[];
}

/** Each change is whole or not at all, and durable when it is answered. */
export interface SecurityPort {
  /** null: nothing changed since that version. */
  securitySnapshot(knownVersion: number | null): Promise<SecuritySnapshot | null>;
  putUser(request: PutUserRequest): Promise<null | Failure>;
  /** Its credentials, and the bindings and tokens of its principal. */
  deleteUser(user: string): Promise<null | Failure>;
  /** Kafka's AlterUserScramCredentials: one entry for each credential, deletions first. */
  alterCredentials(deletions: readonly CredentialDeletion[], upsertions: readonly UserCredential[]): Promise<readonly (Failure | null)[]>;
  createToken(request: CreateTokenRequest): Promise<ApiToken | Failure>;
  /** The token, and the bindings of its principal. */
  deleteToken(name: string): Promise<null | Failure>;
  /** One entry for each binding; one that is there already stays as it is. */
  createAcls(bindings: readonly AclBinding[]): Promise<readonly (Failure | null)[]>;
  /** What each filter deleted, in order. */
  deleteAcls(filters: readonly AclFilter[]): Promise<readonly (readonly AclBinding[])[]>;
  alterQuotas(changes: readonly QuotaChange[], validateOnly: boolean): Promise<readonly (Failure | null)[]>;
}
