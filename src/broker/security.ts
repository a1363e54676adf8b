// Who a client is, and what follows from it: the doors' view of users, tokens, ACLs and quotas. `SecurityState` is what an isolate shares,
// `Security` that of one request or connection, over its own port to the cluster object.
//
// An unknown user costs what a known one with a wrong password costs, and gets the same answer. What the cluster object cannot be asked
// about is decided by what was known up to a minute ago; then nobody but the admin gets in.

import { failure } from "../common/errors.ts";
import { MIN_SCRAM_ITERATIONS } from "../common/limits/security.ts";
import { SCRAM_MECHANISM_CODES, type ScramMechanism, wordsOf } from "../common/security-words.ts";
import { type Identity, tokenIdentity, userIdentity } from "../security/identity.ts";
import type { SecurityPort, SecuritySnapshot } from "../security/messages.ts";
import { decoyCredential, isPasswordOf, type ScramCredential } from "../security/scram.ts";
import { SecurityCache, type SecurityRules } from "../security/security-cache.ts";
import { TokenBuckets } from "../security/token-bucket.ts";
import { hashToken } from "../security/token-text.ts";
import { Access } from "./access.ts";
import type { Broker } from "./broker.ts";
import { ClientMeter } from "./client-meter.ts";
import { guardBroker } from "./guarded-broker.ts";
import { meterBroker } from "./metered-broker.ts";
import { SnapshotReader } from "./snapshot-reader.ts";

/** The first is what a password of an unknown user is checked by. */
const MECHANISMS = wordsOf(SCRAM_MECHANISM_CODES);

/** What all requests of an isolate share: data, no promises. */
export interface SecurityState {
  readonly cache: SecurityCache;
  readonly buckets: TokenBuckets;
  /** ms since the epoch */
  readonly now: () => number;
}

export function createSecurityState(now: () => number): SecurityState {
  return { cache: new SecurityCache(now), buckets: new TokenBuckets(now), now };
}

export class Security {
  readonly port: SecurityPort;
  readonly #state: SecurityState;
  readonly #reader: SnapshotReader<SecuritySnapshot, SecurityRules>;

  constructor(port: SecurityPort, state: SecurityState) {
    this.port = port;
    this.#state = state;
    const load = (knownVersion: number | null) => port.securitySnapshot(knownVersion);
    this.#reader = new SnapshotReader({ cache: state.cache, load, warn: warnOfRules });
  }

  /** The rules in force; at once where they are fresh. @throws where there are none, and the cluster object cannot be asked */
  rules(): SecurityRules | Promise<SecurityRules> {
    return this.#reader.current();
  }

  /**
   * What to wait for before a client's rights are decided; null: nothing. A super user, of whom only quotas depend on the rules, waits for
   * nothing; their load goes on in the background then.
   */
  ready(identity: Identity, inBackground: (work: Promise<unknown>) => void): Promise<unknown> | null {
    const rules = this.rules();
    if (!(rules instanceof Promise)) return null;
    if (!identity.isSuperUser) return rules;
    inBackground(rules.catch(warnOfRules));
    return null;
  }

  /** The rules as they are now. */
  reload(): Promise<SecurityRules> {
    return this.#reader.reload();
  }

  /** After a change made here. Other isolates see it when what they know expires. */
  expire(): void {
    this.#state.cache.expire();
  }

  access(identity: Identity): Access {
    return new Access(identity, () => this.#state.cache.latest);
  }

  meter(identity: Identity): ClientMeter {
    return new ClientMeter(identity, () => this.#state.cache.latest, this.#state.buckets);
  }

  /** Who has the token, or null. */
  async tokenHolder(text: string): Promise<Identity | null> {
    const hash = await hashToken(text);
    const token = await this.#reader.find((rules) => rules.token(hash));
    const isValid = token !== undefined && (token.expiresAtMs === null || token.expiresAtMs > this.#state.now());
    return isValid ? tokenIdentity(token.name) : null;
  }

  /** The user, where the password is theirs. */
  async userWithPassword(user: string, password: string): Promise<Identity | null> {
    if (password === "") return null; // nobody has it
    const known = await this.#reader.find((rules) =>
      MECHANISMS.map((name) => rules.credential(user, name)).find((one) => one !== undefined),
    );
    const mechanism = known?.mechanism ?? MECHANISMS[0];
    const isRight = await isPasswordOf(mechanism, known ?? (await this.#decoy(mechanism, user)), password);
    return isRight && known !== undefined ? userIdentity(user) : null;
  }

  /** What a user proves to know by SCRAM; a decoy for one that there is not. */
  async credential(user: string, mechanism: ScramMechanism): Promise<ScramCredential> {
    return (await this.#reader.find((rules) => rules.credential(user, mechanism))) ?? this.#decoy(mechanism, user);
  }

  async #decoy(mechanism: ScramMechanism, user: string): Promise<ScramCredential> {
    const { decoySecret } = await this.rules();
    return decoyCredential(mechanism, decoySecret, user, MIN_SCRAM_ITERATIONS);
  }
}

function warnOfRules(error: unknown): void {
  console.warn(JSON.stringify({ message: "users, rights and quotas could not be loaded", error: String(error) }));
}

/** The broker as this client may use it, charged to its quotas. */
export function brokerOf(broker: Broker, access: Access, meter: ClientMeter, clientId: string): Broker {
  const guarded = guardBroker(broker, access);
  return meter.isActive ? meterBroker(guarded, meter, clientId) : guarded;
}

const DISABLED = failure("SECURITY_DISABLED", "this broker keeps no users, tokens, ACLs and quotas");

/** Of a broker that keeps none of all this. */
export const NO_SECURITY: SecurityPort = {
  securitySnapshot: async () => ({ version: 1, decoySecret: "none", credentials: [], tokens: [], acls: [], quotas: [] }),
  putUser: async () => DISABLED,
  deleteUser: async () => DISABLED,
  alterCredentials: async (deletions, upsertions) => [...deletions, ...upsertions].map(() => DISABLED),
  createToken: async () => DISABLED,
  deleteToken: async () => DISABLED,
  createAcls: async (bindings) => bindings.map(() => DISABLED),
  deleteAcls: async (filters) => filters.map(() => []),
  alterQuotas: async (changes) => changes.map(() => DISABLED),
};
