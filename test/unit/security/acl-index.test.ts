// Decisions by ACLs, against Kafka's rules and against a naive reading of them.

import { describe, expect, test } from "vitest";
import { type AclOperation, OPERATIONS, wordsOf } from "../../../src/common/security-words.ts";
import { type AclBinding, checkAcl, matchesFilter } from "../../../src/security/acl.ts";
import { AclIndex } from "../../../src/security/acl-index.ts";
import { seededRandom } from "../../support/random.ts";

const allow = (operation: AclOperation, resourceName: string, more: Partial<AclBinding> = {}): AclBinding => ({
  ...{ resourceType: "TOPIC", resourceName, patternType: "LITERAL", principal: "User:alice", host: "*", operation, permission: "ALLOW" },
  ...more,
});
const PREFIXED = { patternType: "PREFIXED" } as const;
const DENY = { permission: "DENY" } as const;

const may = (bindings: readonly AclBinding[], operation: AclOperation, topic: string, principal = "User:alice") =>
  new AclIndex(bindings).allows({ principal, operation, resourceType: "TOPIC" }, topic);

describe("a decision", () => {
  test("without a binding is no", () => {
    expect(may([], "READ", "orders")).toBe(false);
    expect(may([allow("READ", "orders")], "READ", "orders", "User:bob")).toBe(false);
    expect(may([allow("READ", "orders", { resourceType: "GROUP" })], "READ", "orders")).toBe(false);
  });

  test("goes by the literal name, by `*`, and by every prefix", () => {
    expect(may([allow("READ", "orders")], "READ", "orders")).toBe(true);
    expect(may([allow("READ", "orders")], "READ", "orders-eu")).toBe(false);
    expect(may([allow("READ", "*")], "READ", "anything")).toBe(true);
    expect(may([allow("READ", "ord", PREFIXED)], "READ", "orders-eu")).toBe(true);
    expect(may([allow("READ", "*", PREFIXED)], "READ", "orders")).toBe(false);
  });

  test("is no where anything denies it, whatever allows it", () => {
    const bindings = [allow("ALL", "*"), allow("READ", "secret", { ...PREFIXED, ...DENY })];
    expect(may(bindings, "READ", "secrets")).toBe(false);
    expect(may(bindings, "WRITE", "secrets")).toBe(true);
    expect(may([...bindings, allow("ALL", "*", { ...DENY, principal: "User:*" })], "WRITE", "secrets")).toBe(false);
  });

  test("implies DESCRIBE and DESCRIBE_CONFIGS, and denials imply nothing", () => {
    for (const operation of ["READ", "WRITE", "DELETE", "ALTER"] as const) {
      expect(may([allow(operation, "orders")], "DESCRIBE", "orders"), operation).toBe(true);
      expect(may([allow(operation, "orders")], "DESCRIBE_CONFIGS", "orders"), operation).toBe(false);
    }
    expect(may([allow("ALTER_CONFIGS", "orders")], "DESCRIBE_CONFIGS", "orders")).toBe(true);
    expect(may([allow("DESCRIBE", "orders"), allow("READ", "orders", DENY)], "DESCRIBE", "orders")).toBe(true);
  });

  test("is that of a naive reading, for many bindings and names", () => {
    const random = seededRandom(7);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
    const names = ["*", "a", "ab", "abc", "b", "bc"];
    const operations = wordsOf(OPERATIONS);
    for (let round = 0; round < 300; round++) {
      const bindings = Array.from({ length: 6 }, () =>
        allow(pick(operations), pick(names), {
          ...(random() < 0.4 && PREFIXED),
          ...(random() < 0.25 && DENY),
          principal: pick(["User:alice", "User:*", "User:bob"]),
        }),
      );
      for (const name of names) {
        const operation = pick(operations);
        expect(may(bindings, operation, name), JSON.stringify({ bindings, operation, name })).toBe(naive(bindings, operation, name));
      }
    }
  });
});

function naive(bindings: readonly AclBinding[], operation: AclOperation, name: string): boolean {
  const implying = { DESCRIBE: ["READ", "WRITE", "DELETE", "ALTER"], DESCRIBE_CONFIGS: ["ALTER_CONFIGS"] }[operation as string] ?? [];
  const applying = bindings.filter(
    (one) =>
      ["User:alice", "User:*"].includes(one.principal) &&
      (one.patternType === "PREFIXED" ? name.startsWith(one.resourceName) : one.resourceName === name || one.resourceName === "*"),
  );
  const isNamed = (one: AclBinding, more: readonly string[]) => ["ALL", operation, ...more].includes(one.operation);
  if (applying.some((one) => one.permission === "DENY" && isNamed(one, []))) return false;
  return applying.some((one) => one.permission === "ALLOW" && isNamed(one, implying));
}

describe("some resource of a type may be used", () => {
  const some = (...bindings: AclBinding[]) =>
    new AclIndex(bindings).allowsSome({ principal: "User:alice", operation: "WRITE", resourceType: "TOPIC" });

  test("where one is allowed that no denial covers", () => {
    expect(some()).toBe(false);
    expect(some(allow("WRITE", "a"))).toBe(true);
    expect(some(allow("WRITE", "a"), allow("WRITE", "*", DENY))).toBe(false);
    expect(some(allow("WRITE", "a"), allow("ALL", "a", DENY))).toBe(false);
    expect(some(allow("WRITE", "ab"), allow("WRITE", "a", { ...PREFIXED, ...DENY }))).toBe(false);
    expect(some(allow("WRITE", "a", PREFIXED), allow("WRITE", "ab", { ...PREFIXED, ...DENY }))).toBe(true);
    expect(some(allow("WRITE", "*"), allow("WRITE", "a", { ...PREFIXED, ...DENY }))).toBe(true);
  });
});

describe("a filter", () => {
  test("means what is equal in all that it names", () => {
    expect(matchesFilter(allow("READ", "a"), {})).toBe(true);
    expect(matchesFilter(allow("READ", "a"), { operation: "READ", resourceName: "a", principal: "User:alice" })).toBe(true);
    expect(matchesFilter(allow("READ", "a"), { operation: "WRITE" })).toBe(false);
    expect(matchesFilter(allow("READ", "a", PREFIXED), { resourceName: "a", patternType: "LITERAL" })).toBe(false);
    expect(matchesFilter(allow("READ", "a", PREFIXED), { resourceName: "ab" })).toBe(false);
  });

  test("with MATCH means all that applies to the name", () => {
    const matching = { resourceName: "abc", patternType: "MATCH" } as const;
    expect(matchesFilter(allow("READ", "ab", PREFIXED), matching)).toBe(true);
    expect(matchesFilter(allow("READ", "*"), matching)).toBe(true);
    expect(matchesFilter(allow("READ", "abc"), matching)).toBe(true);
    expect(matchesFilter(allow("READ", "ab"), matching)).toBe(false);
  });
});

test.each([
  [{ resourceName: "" }, /name of an ACL is empty/],
  [{ resourceName: "x".repeat(256) }, /longer than 255/],
  [{ resourceType: "CLUSTER" }, /kafka-cluster/],
  [{ principal: "alice" }, /TYPE:NAME/],
  [{ principal: `User:${"x".repeat(300)}` }, /longer than 300/],
  [{ host: "10.0.0.1" }, /single hosts/],
] as const)("an ACL with %j is refused", (changes, detail) => {
  expect(checkAcl(allow("READ", "orders"))).toBeNull();
  expect(checkAcl(allow("READ", "orders", changes))).toMatchObject({ error: "INVALID_REQUEST", detail: expect.stringMatching(detail) });
});
