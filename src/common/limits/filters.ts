// Limits of the filters of subscriptions and share groups (src/subscription/filter.ts).

import { MIB } from "./units.ts";

/** Longest filter (characters), most nodes of its syntax tree, and largest JSON value that it is shown. */
export const MAX_FILTER_LENGTH = 2_000;
export const MAX_FILTER_NODES = 200;
export const MAX_FILTER_VALUE_BYTES = 1 * MIB;

/** Filters of share groups that an isolate keeps compiled, some 20 KB each at most. */
export const MAX_COMPILED_FILTERS = 200;
