// Lease ids: what goes in comes out, and what is none is refused.

import { expect, test } from "vitest";
import { leaseDecoder, leaseEncoder } from "../../../src/broker/share-lease.ts";

const decodeLease = leaseDecoder();

const UUIDS = ["0c3769ab-d1e4-4f6a-9abd-ef5c5fd1e7c1", "ffffffff-ffff-4fff-bfff-ffffffffffff"] as const;
const PLACE = { groupUuid: UUIDS[0], topicId: UUIDS[1], partition: 0 };

test("a lease id says where its record is, in 70 characters that fit a URL", () => {
  const lease = { groupUuid: UUIDS[0], topicId: UUIDS[1], partition: 9_999, offset: Number.MAX_SAFE_INTEGER, token: 2 ** 53 - 1 };
  const leaseId = leaseEncoder(lease)(lease);
  expect(leaseId).toMatch(/^[\w-]{70}$/);
  expect(decodeLease(leaseId)).toEqual(lease);
});

test("one encoder makes many, each its own", () => {
  const encode = leaseEncoder(PLACE);
  const ids = [0, 1, 2].map((offset) => encode({ offset, token: 1 }));
  expect(ids.map((id) => decodeLease(id)?.offset)).toEqual([0, 1, 2]);
});

test("what no pull answered is none", () => {
  const leaseId = leaseEncoder(PLACE)({ offset: 1, token: 1 });
  for (const other of ["", leaseId.slice(1), `${leaseId}A`, `${leaseId.slice(0, 69)}=`, `B${leaseId.slice(1)}`, "é".repeat(70)]) {
    expect(decodeLease(other), other).toBeNull();
  }
  const fraction = leaseEncoder(PLACE)({ offset: 1.5, token: 1 });
  expect(decodeLease(fraction)).toBeNull();
  expect(decodeLease(leaseEncoder(PLACE)({ offset: -1, token: 1 }))).toBeNull();
});
