// ListGroups (key 16), versions 0-5. 4: only those in certain states (KIP-518); 5: only those of certain types (KIP-848), share groups among
// them. Before, there are no types, and share groups are left out: a client that looks for consumer groups would take them for such.

import type { Broker } from "../../../broker/broker.ts";
import type { GroupListing, GroupPage, PageRequest, ShareGroupPage } from "../../../broker/ports.ts";
import { mapConcurrently } from "../../../common/concurrency.ts";
import { isFailure } from "../../../common/errors.ts";
import { MAX_CONCURRENT_CALLS } from "../../../common/limits/platform.ts";
import { MAX_PAGE_ITEMS } from "../../../common/limits/topics.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";

export const listGroups = serve(API.listGroups, { min: 0, max: 5 }, async ({ request, version, broker }) => {
  const states = new Set(request.statesFilter.map((state) => state.toLowerCase()));
  const types = new Set(request.typesFilter.map((type) => type.toLowerCase()));
  const isWanted = (type: string): boolean => types.size === 0 || types.has(type);
  const listings = [
    ...(CONSUMER_TYPES.some(isWanted) ? await consumerGroups(broker) : []),
    ...(version >= TYPES_SINCE && isWanted(SHARE_TYPE) ? await shareGroups(broker) : []),
  ];
  const groups = listings
    .filter(({ state, type }) => (states.size === 0 || states.has(state.toLowerCase())) && isWanted(type))
    .map(({ groupId, protocolType, state, type }) => ({ groupId, protocolType, groupState: state, groupType: type }));
  return { throttleTimeMs: 0, errorCode: 0, groups };
});

interface ListedGroup {
  readonly groupId: string;
  readonly protocolType: string;
  readonly state: string;
  readonly type: string;
}

const TYPES_SINCE = 5;
const CONSUMER_TYPES = ["classic", "consumer"];
const SHARE_TYPE = "share";

async function consumerGroups(broker: Broker): Promise<ListedGroup[]> {
  const groupIds = await allIds((request) => broker.listGroups(request));
  const listings = await mapConcurrently(groupIds, MAX_CONCURRENT_CALLS, (groupId) => broker.classicGroup(groupId).listing(groupId));
  return listings.filter((listing): listing is GroupListing => listing !== null && !isFailure(listing));
}

async function shareGroups(broker: Broker): Promise<ListedGroup[]> {
  const groupIds = await allIds((request) => broker.shareGroups.list(request));
  const listings = await mapConcurrently(groupIds, MAX_CONCURRENT_CALLS, async (groupId) => {
    const group = await broker.shareGroups.members(groupId);
    return isFailure(group) ? null : { groupId, protocolType: SHARE_TYPE, state: group.state, type: SHARE_TYPE };
  });
  return listings.filter((listing) => listing !== null);
}

async function allIds(list: (request: PageRequest) => Promise<GroupPage | ShareGroupPage>): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await list(cursor === null ? { limit: MAX_PAGE_ITEMS } : { limit: MAX_PAGE_ITEMS, cursor });
    ids.push(...page.groupIds);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return ids;
}
