// Users, tokens, ACLs and quotas as the cluster object keeps them: what each change does, and that it is whole or not at all.

import { beforeEach, describe, expect, test } from "vitest";
import { MAX_ACLS, MAX_API_TOKENS } from "../../../src/common/limits/security.ts";
import type { AclBinding } from "../../../src/security/acl.ts";
import type { UserCredential } from "../../../src/security/messages.ts";
import { SecurityRegistry } from "../../../src/security/security-registry.ts";
import { MemorySecurityStore } from "../../../src/storage/memory-security-store.ts";

let store: MemorySecurityStore;
let registry: SecurityRegistry;

beforeEach(() => {
  store = new MemorySecurityStore();
  registry = new SecurityRegistry(store, () => 1_000);
});

const credential = (user: string, changes: Partial<UserCredential> = {}): UserCredential => ({
  ...{ user, mechanism: "SCRAM-SHA-256", salt: "c2FsdA==", iterations: 4096, storedKey: "a2V5", serverKey: "a2V5" },
  ...changes,
});
const acl = (principal: string, resourceName = "orders"): AclBinding => ({
  ...{ resourceType: "TOPIC", resourceName, patternType: "LITERAL", principal, host: "*", operation: "READ", permission: "ALLOW" },
});
const snapshot = () => registry.snapshot(null)!;
const version = () => snapshot().version;

test("a snapshot is told once for each version, and is the same after a restart", () => {
  registry.putUser({ user: "a", credentials: [credential("a")], acls: [acl("User:a")] });
  registry.createToken({ name: "t", hash: "h", expiresAtMs: null, acls: [acl("Token:t")] });
  registry.alterQuotas([{ entity: { user: null }, values: { request_rate: 5 } }], false);
  expect(registry.snapshot(version())).toBeNull();
  const restarted = new SecurityRegistry(store, () => 2_000).snapshot(null);
  expect(restarted).toEqual(snapshot());
  expect(restarted).toMatchObject({
    ...{ credentials: [{ user: "a" }], tokens: [{ name: "t", createdAtMs: 1_000 }] },
    ...{ acls: [{ principal: "Token:t" }, { principal: "User:a" }], quotas: [{ values: { request_rate: 5 } }] },
  });
});

describe("a user", () => {
  test("that is put again has the new credentials alone, and its ACLs only where none are named", () => {
    registry.putUser({ user: "a", credentials: [credential("a"), credential("a", { mechanism: "SCRAM-SHA-512" })], acls: [acl("User:a")] });
    registry.putUser({ user: "a", credentials: [credential("a", { salt: "bmV3" })] });
    expect(snapshot()).toMatchObject({ credentials: [{ salt: "bmV3" }], acls: [{ principal: "User:a" }] });
    registry.putUser({ user: "a", credentials: [credential("a")], acls: [] });
    expect(snapshot().acls).toEqual([]);
  });

  test("that is deleted leaves nothing behind, and nothing of others goes", () => {
    registry.putUser({ user: "a", credentials: [credential("a")], acls: [acl("User:a")] });
    registry.putUser({ user: "b", credentials: [credential("b")], acls: [acl("User:b")] });
    expect(registry.deleteUser("a")).toBeNull();
    expect(snapshot()).toMatchObject({ credentials: [{ user: "b" }], acls: [{ principal: "User:b" }] });
    expect(registry.deleteUser("a")).toMatchObject({ error: "RESOURCE_NOT_FOUND" });
  });

  test.each([
    [credential(""), /empty/],
    [credential("a\nb"), /control/],
    [credential("a", { iterations: 4095 }), /4096 to 16384/],
    [credential("a", { iterations: 16_385 }), /4096 to 16384/],
    [credential("a", { salt: "" }), /salt is empty/],
  ])("%o is refused, and nothing is written", (bad, detail) => {
    const before = version();
    const refused = registry.putUser({ user: bad.user, credentials: [credential("good"), bad], acls: [acl("User:x")] });
    expect(refused).toMatchObject({ error: "UNACCEPTABLE_CREDENTIAL", detail: expect.stringMatching(detail) });
    expect(snapshot()).toMatchObject({ version: before, credentials: [], acls: [] });
  });

  test("with a bad ACL is refused as a whole", () => {
    expect(registry.putUser({ user: "a", credentials: [credential("a")], acls: [acl("nobody")] })).toMatchObject({
      error: "INVALID_REQUEST",
    });
    expect(snapshot().credentials).toEqual([]);
  });
});

test("credentials are altered one by one, deletions first, and one that is named twice not at all", () => {
  registry.putUser({ user: "a", credentials: [credential("a")] });
  const results = registry.alterCredentials(
    [
      { user: "a", mechanism: "SCRAM-SHA-256" },
      { user: "a", mechanism: "SCRAM-SHA-512" },
    ],
    [credential("b"), credential("c"), credential("c"), credential("d", { iterations: 1 })],
  );
  expect(results.map((result) => result?.error ?? null)).toEqual([
    ...[null, "RESOURCE_NOT_FOUND", null],
    ...["DUPLICATE_RESOURCE", "DUPLICATE_RESOURCE", "UNACCEPTABLE_CREDENTIAL"],
  ]);
  expect(snapshot().credentials.map(({ user }) => user)).toEqual(["b"]);
});

describe("a token", () => {
  test("has a name of its own, and goes with its ACLs", () => {
    const request = { name: "ci", hash: "h", expiresAtMs: 5, acls: [acl("Token:ci")] };
    expect(registry.createToken(request)).toEqual({ name: "ci", hash: "h", createdAtMs: 1_000, expiresAtMs: 5 });
    expect(registry.createToken(request)).toMatchObject({ error: "DUPLICATE_RESOURCE" });
    expect(registry.deleteToken("ci")).toBeNull();
    expect(snapshot()).toMatchObject({ tokens: [], acls: [] });
    expect(registry.deleteToken("ci")).toMatchObject({ error: "RESOURCE_NOT_FOUND" });
  });

  test(`is one of ${MAX_API_TOKENS} at the most`, () => {
    const create = (name: string) => registry.createToken({ name, hash: name, expiresAtMs: null, acls: [] });
    for (let i = 0; i < MAX_API_TOKENS; i++) create(`t${i}`);
    expect(create("more")).toMatchObject({ error: "POLICY_VIOLATION" });
    registry.deleteToken("t0");
    expect(create("more")).toMatchObject({ name: "more" });
  });
});

describe("ACLs", () => {
  test("are added one by one, once each, and deleted by filters", () => {
    const results = registry.createAcls([acl("User:a"), acl("nobody"), acl("User:b"), acl("User:a")]);
    expect(results.map((result) => result?.error ?? null)).toEqual([null, "INVALID_REQUEST", null, null]);
    const deleted = registry.deleteAcls([{ principal: "User:a" }, {}, {}]);
    expect(deleted.map((list) => list.map(({ principal }) => principal))).toEqual([["User:a"], ["User:b"], []]);
  });

  test(`are ${MAX_ACLS} at the most; a user's own may be replaced then too`, () => {
    registry.createAcls(Array.from({ length: MAX_ACLS - 1 }, (_, i) => acl("User:a", `t${i}`)));
    registry.putUser({ user: "b", credentials: [credential("b")], acls: [acl("User:b")] });
    expect(registry.createAcls([acl("User:c")])).toMatchObject([{ error: "POLICY_VIOLATION" }]);
    expect(registry.createAcls([acl("User:b")])).toEqual([null]);
    expect(registry.putUser({ user: "b", credentials: [credential("b")], acls: [acl("User:b", "other")] })).toBeNull();
    const two = [acl("User:b", "x"), acl("User:b", "y")];
    expect(registry.putUser({ user: "b", credentials: [credential("b")], acls: two })).toMatchObject({ error: "POLICY_VIOLATION" });
    expect(snapshot().acls).toHaveLength(MAX_ACLS);
  });
});

test("quotas are merged, taken away by null, and only checked where that is asked for", () => {
  const entity = { user: "u", clientId: null };
  const alter = (values: Record<string, number | null>, validateOnly = false) => registry.alterQuotas([{ entity, values }], validateOnly);
  expect(alter({ producer_byte_rate: 10, request_rate: 5 })).toEqual([null]);
  expect(alter({ producer_byte_rate: null, consumer_byte_rate: 7 })).toEqual([null]);
  expect(snapshot().quotas).toEqual([{ entity, values: { request_rate: 5, consumer_byte_rate: 7 } }]);
  const before = version();
  expect(alter({ request_rate: 9 }, true)).toEqual([null]);
  expect(alter({ request_rate: -1 }, true)).toMatchObject([{ error: "INVALID_REQUEST" }]);
  expect(version()).toBe(before);
  alter({ request_rate: null, consumer_byte_rate: null });
  expect(snapshot().quotas).toEqual([]);
});

test("a change that the store refuses half-way leaves everything as it was", () => {
  registry.putUser({ user: "a", credentials: [credential("a")], acls: [acl("User:a")] });
  const before = snapshot();
  const put = store.put.bind(store);
  store.put = () => {
    throw new Error("the disk is full");
  };
  expect(() => registry.putUser({ user: "a", credentials: [credential("a", { salt: "bmV3" })], acls: [] })).toThrow("the disk is full");
  store.put = put;
  expect(snapshot()).toEqual(before);
});
