// ListGroups (key 16), versions 0-5. 4: only those in certain states (KIP-518); 5: only those of certain types (KIP-848).

import type { Broker } from "../../../broker/broker.ts";
import type { GroupListing } from "../../../broker/ports.ts";
import { mapConcurrently } from "../../../common/concurrency.ts";
import { isFailure } from "../../../common/errors.ts";
import { MAX_CONCURRENT_CALLS, MAX_PAGE_ITEMS } from "../../../common/limits.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";

export const listGroups = serve(API.listGroups, { min: 0, max: 5 }, async ({ request, broker }) => {
  const states = new Set(request.statesFilter.map((state) => state.toLowerCase()));
  const types = new Set(request.typesFilter.map((type) => type.toLowerCase()));
  const listings = await mapConcurrently(await groupIds(broker), MAX_CONCURRENT_CALLS, (groupId) =>
    broker.classicGroup(groupId).listing(groupId),
  );
  const groups = listings
    .filter((listing): listing is GroupListing => listing !== null && !isFailure(listing))
    .filter(({ state, type }) => (states.size === 0 || states.has(state.toLowerCase())) && (types.size === 0 || types.has(type)))
    .map(({ groupId, protocolType, state, type }) => ({ groupId, protocolType, groupState: state, groupType: type }));
  return { throttleTimeMs: 0, errorCode: 0, groups };
});

async function groupIds(broker: Broker): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await broker.listGroups(cursor === null ? { limit: MAX_PAGE_ITEMS } : { limit: MAX_PAGE_ITEMS, cursor });
    ids.push(...page.groupIds);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return ids;
}
