// Listings of groups that tell more than their names.

import { expect, test } from "vitest";
import { describeEach } from "../../../src/cli/describe-each.ts";
import { errorOf } from "../../../src/sdk/errors.ts";

const GROUPS = Array.from({ length: 30 }, (_, index) => ({ groupId: `g${index}` }));

test("groups are described in their order, some at a time, and one that was deleted meanwhile is left out", async () => {
  let [underWay, most] = [0, 0];
  const described = await describeEach(GROUPS, async (groupId) => {
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setTimeout(resolve, 0));
    underWay -= 1;
    if (groupId === "g7") throw errorOf("GROUP_ID_NOT_FOUND", "there is no group 'g7'");
    return groupId.toUpperCase();
  });
  expect(described).toEqual(GROUPS.filter(({ groupId }) => groupId !== "g7").map(({ groupId }) => groupId.toUpperCase()));
  expect(most).toBeLessThan(GROUPS.length);
});

test("what else goes wrong is told", async () => {
  const failing = describeEach(GROUPS, async () => {
    throw errorOf("COORDINATOR_NOT_AVAILABLE", "try again");
  });
  await expect(failing).rejects.toMatchObject({ code: "COORDINATOR_NOT_AVAILABLE" });
});
