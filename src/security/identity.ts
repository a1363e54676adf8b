// Who a client is. Kafka's principal, "Type:name": users have the type User, tokens for programs the type Token.

export interface Identity {
  /** As ACLs and quotas name it. */
  readonly principal: string;
  /** May do everything, whatever the ACLs say (Kafka's super.users). */
  readonly isSuperUser: boolean;
}

/** Whoever has the admin token. */
export const ADMIN: Identity = { principal: "User:admin", isSuperUser: true };

/** Anybody, where the broker is open (Kafka's name for a client that did not authenticate). */
export const ANONYMOUS: Identity = { principal: "User:ANONYMOUS", isSuperUser: true };

export function userIdentity(name: string): Identity {
  return { principal: userPrincipal(name), isSuperUser: false };
}

export function tokenIdentity(name: string): Identity {
  return { principal: tokenPrincipal(name), isSuperUser: false };
}

/**
 * A sender of webhooks, known by its signature. It is asked for no rights: all that is done for it is to write to the topic of its source.
 */
export function sourceIdentity(topic: string, source: string): Identity {
  return { principal: `Source:${topic}/${source}`, isSuperUser: true };
}

export function userPrincipal(name: string): string {
  return `User:${name}`;
}

export function tokenPrincipal(name: string): string {
  return `Token:${name}`;
}

export function isSameIdentity(one: Identity, other: Identity): boolean {
  return one.principal === other.principal && one.isSuperUser === other.isSuperUser;
}
