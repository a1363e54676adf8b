// What a listing tells of each group beyond its name: groups are asked one by one, and may be deleted while it goes on.

import { mapConcurrently } from "../common/concurrency.ts";
import { SluiceError } from "../sdk/errors.ts";

/** Groups that are asked at a time: each is an object of its own at the broker. */
const CONCURRENCY = 8;

/** What there is of these groups, in their order; one that is gone by now is left out. */
export async function describeEach<T>(
  listed: readonly { readonly groupId: string }[],
  describe: (groupId: string) => Promise<T>,
): Promise<T[]> {
  const described = await mapConcurrently(listed, CONCURRENCY, ({ groupId }) => describe(groupId).catch(nullWhereGone));
  return described.filter((one) => one !== null);
}

function nullWhereGone(error: unknown): null {
  if (error instanceof SluiceError && error.code === "GROUP_ID_NOT_FOUND") return null;
  throw error;
}
