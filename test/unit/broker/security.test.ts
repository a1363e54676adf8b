// What an edge knows of users and rights: how fresh it is, and what it does when the cluster object cannot be asked.

import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { createSecurityState, Security } from "../../../src/broker/security.ts";
import { ADMIN, userIdentity } from "../../../src/security/identity.ts";
import type { SecurityPort } from "../../../src/security/messages.ts";
import { allowing, type MemorySecurity, memorySecurity } from "../../support/memory-security.ts";

const READ = allowing("alice", "READ", "TOPIC", "orders");
const ALICE = userIdentity("alice");

let now: number;
let memory: MemorySecurity;

beforeEach(() => {
  now = 1_000_000;
  memory = memorySecurity(() => now);
});

const securityOver = (port: Partial<SecurityPort>) =>
  new Security(
    { ...memory.port, ...port },
    createSecurityState(() => now),
  );

test("what is known is used for five seconds, then asked for again, and loaded only where it changed", async () => {
  const security = memory.security();
  const rules = await security.rules();
  now += 4_999;
  expect(security.rules()).toBe(rules);
  expect(memory.loads()).toBe(1);
  now += 1;
  expect(await security.rules()).toBe(rules);
  await memory.port.createAcls([READ]);
  now += 5_000;
  const newer = await security.rules();
  expect(newer).not.toBe(rules);
  expect(newer.bindings).toEqual([READ]);
  expect(memory.loads()).toBe(3);
});

test("one request refreshes what has expired, and the others do not wait for it", async () => {
  const state = createSecurityState(() => now);
  const gate = Promise.withResolvers<void>();
  let isSlow = false;
  const port: SecurityPort = {
    ...memory.port,
    securitySnapshot: async (known) => {
      if (isSlow) await gate.promise;
      return memory.port.securitySnapshot(known);
    },
  };
  const [one, other] = [new Security(port, state), new Security(port, state)];
  const rules = await one.rules();
  isSlow = true;
  now += 5_000;
  const refreshed = one.rules();
  expect(refreshed).toBeInstanceOf(Promise);
  expect(other.rules()).toBe(rules);
  gate.resolve();
  expect(await refreshed).toBe(rules);
});

test("a load that began before a change makes nothing fresh", async () => {
  const gate = Promise.withResolvers<void>();
  let isSlow = false;
  const security = securityOver({
    securitySnapshot: async (known) => {
      const snapshot = await memory.port.securitySnapshot(known);
      if (isSlow) await gate.promise;
      return snapshot;
    },
  });
  await security.rules();
  isSlow = true;
  now += 5_000;
  const stale = security.rules();
  await memory.port.createAcls([READ]);
  security.expire();
  gate.resolve();
  await stale;
  expect((await security.rules()).bindings).toEqual([READ]);
});

test("while the cluster object cannot be asked, what was known counts for a minute; then nobody but the admin gets in", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  onTestFinished(() => warn.mockRestore());
  await memory.port.createAcls([READ]);
  let isGone = false;
  const security = securityOver({
    securitySnapshot: async (known) => {
      if (isGone) throw new Error("the cluster object cannot be reached");
      return memory.port.securitySnapshot(known);
    },
  });
  await security.rules();
  isGone = true;
  now += 59_999;
  await security.ready(ALICE, () => undefined);
  expect(security.access(ALICE).allows("READ", "TOPIC", "orders")).toBe(true);
  now += 1;
  await expect(security.ready(ALICE, () => undefined)).rejects.toThrow("cannot be reached");
  const background: Promise<unknown>[] = [];
  expect(security.ready(ADMIN, (work) => background.push(work))).toBeNull();
  await Promise.all(background);
  expect(security.access(ADMIN).allows("DELETE", "TOPIC", "orders")).toBe(true);
});
