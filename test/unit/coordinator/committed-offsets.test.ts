import { describe, expect, test } from "vitest";
import { MAX_OFFSET_METADATA_BYTES, MAX_OFFSETS_PER_COMMIT } from "../../../src/common/limits/groups.ts";
import { checkCommitSize, checkGroupId, checkOffset, type OffsetToCommit } from "../../../src/coordinator/committed-offsets.ts";

const OFFSET: OffsetToCommit = { topicId: "id", topic: "orders", partition: 0, offset: 0, leaderEpoch: -1, metadata: "" };

describe("a group id", () => {
  test.each(["g", "a b/c:ü\u{1f600}", "x".repeat(255)])("may be '%s'", (groupId) => {
    expect(checkGroupId(groupId)).toBeNull();
  });

  test.each(["", "x".repeat(256), "\ud800"])("may not be '%s'", (groupId) => {
    expect(checkGroupId(groupId)).toMatchObject({ error: "INVALID_GROUP_ID" });
  });
});

describe("an offset", () => {
  test.each([
    { offset: 0 },
    { offset: Number.MAX_SAFE_INTEGER },
    { offset: -2 },
    { leaderEpoch: 2 ** 31 - 1 },
    { partition: 9_999 },
    { metadata: "é".repeat(MAX_OFFSET_METADATA_BYTES / 2) },
  ])("may have %j", (changes) => {
    expect(checkOffset({ ...OFFSET, ...changes })).toBeNull();
  });

  test.each([
    [{ offset: -3 }, "INVALID_REQUEST"],
    [{ offset: 2 ** 53 }, "INVALID_REQUEST"],
    [{ offset: 1.5 }, "INVALID_REQUEST"],
    [{ offset: Number.NaN }, "INVALID_REQUEST"],
    [{ leaderEpoch: -2 }, "INVALID_REQUEST"],
    [{ leaderEpoch: 2 ** 31 }, "INVALID_REQUEST"],
    [{ partition: -1 }, "UNKNOWN_TOPIC_OR_PARTITION"],
    [{ partition: 10_000 }, "UNKNOWN_TOPIC_OR_PARTITION"],
    [{ topic: "" }, "UNKNOWN_TOPIC_OR_PARTITION"],
    [{ metadata: `${"é".repeat(MAX_OFFSET_METADATA_BYTES / 2)}a` }, "OFFSET_METADATA_TOO_LARGE"],
  ])("may not have %j", (changes, error) => {
    expect(checkOffset({ ...OFFSET, ...changes })).toMatchObject({ error });
  });
});

test("a commit has at most as many offsets as the limit", () => {
  expect(checkCommitSize(Array(MAX_OFFSETS_PER_COMMIT).fill(OFFSET))).toBeNull();
  expect(checkCommitSize(Array(MAX_OFFSETS_PER_COMMIT + 1).fill(OFFSET))).toMatchObject({ error: "INVALID_COMMIT_OFFSET_SIZE" });
});
