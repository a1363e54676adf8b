// Remembers which user names and passwords were right: every request of HTTP shows them anew, and salting a password takes some
// milliseconds of CPU. Kept are digests, and only while the users are what they were. That one was wrong is not remembered.

import type { Security } from "../../broker/security.ts";
import { type Identity, userIdentity } from "../../security/identity.ts";
import { hashToken } from "../../security/token-text.ts";

/** Of 100 bytes each. */
const MAX_ENTRIES = 1_000;

export class PasswordMemory {
  readonly #right = new Set<string>();
  #version = -1;

  /** Who it is, or null. */
  async check(security: Security, user: string, password: string): Promise<Identity | null> {
    const { version } = await security.rules();
    if (version !== this.#version) {
      this.#right.clear();
      this.#version = version;
    }
    const digest = await hashToken(JSON.stringify([user, password]));
    if (this.#right.has(digest)) return userIdentity(user);
    const identity = await security.userWithPassword(user, password);
    if (identity !== null && version === this.#version) this.#remember(digest);
    return identity;
  }

  #remember(digest: string): void {
    if (this.#right.size >= MAX_ENTRIES) this.#right.clear();
    this.#right.add(digest);
  }
}
