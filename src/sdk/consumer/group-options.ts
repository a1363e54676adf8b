// What a member of a group over HTTP is told at its start.

import type { Isolation } from "../admin/topic-admin.ts";
import type { ConsumerInterceptor } from "./consumer.ts";
import type { RebalanceListener } from "./group-assignment.ts";
import type { OffsetReset } from "./partition-fetcher.ts";

export interface GroupConsumerOptions extends RebalanceListener {
  readonly groupId: string;
  /** Names, or a regular expression (RE2) that whole names match: topics that are made later join by themselves. */
  readonly topics: readonly string[] | { readonly pattern: string };
  /** Makes the member a static one: who comes with the same takes its place over, without a rebalance, and `close` does not leave. */
  readonly instanceId?: string;
  readonly autoOffsetReset?: OffsetReset;
  /** The member is out when the group has not heard of it for so long (ms). */
  readonly sessionTimeoutMs?: number;
  readonly maxRecords?: number;
  readonly maxBytes?: number;
  readonly maxWaitMs?: number;
  readonly isolation?: Isolation;
  /** false: only `commit` commits. */
  readonly autoCommit?: boolean;
  readonly interceptors?: readonly ConsumerInterceptor[];
}
