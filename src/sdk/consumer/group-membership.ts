// A membership of a group over HTTP (contract/group-members.ts): the requests that keep it, one after the other, each with the epoch of the
// answer before. The member names itself: a first request whose answer is lost is made again by the same member, and not by another that
// would hold partitions until its session ends (KIP-1082).

import type { GroupFetchAnswer, GroupFetchRequest } from "../../contract/group-members.ts";
import { groupPath } from "../admin/group-admin.ts";
import { type Client, readJson } from "../client.ts";
import { refusalOf, SluiceError } from "../errors.ts";
import { JSON_BYTES, type JsonRecord, type Position, type TopicPartition } from "./records.ts";

export type GroupAnswer = Omit<GroupFetchAnswer, "records"> & { readonly records: readonly (JsonRecord & TopicPartition)[] };

/** What each call says again, since nobody keeps it. */
export type MemberSettings = Pick<GroupFetchRequest, "topics" | "instanceId" | "sessionTimeoutMs" | "autoOffsetReset" | "isolation">;

/** What one call says. What needs an epoch is left out until there is one. */
export type MemberCall = Pick<GroupFetchRequest, "maxRecords" | "maxBytes" | "maxWaitMs" | "paused"> & {
  readonly commit: readonly Position[];
  readonly positions: readonly Position[];
  readonly owned: NonNullable<GroupFetchRequest["owned"]>;
};

export class GroupMembership {
  readonly #client: Client;
  readonly #groupId: string;
  readonly #settings: MemberSettings;
  #memberId = newMemberId();
  /** null: it is not in the group, as far as it knows. */
  #memberEpoch: number | null = null;
  #hasAsked = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(client: Client, groupId: string, settings: MemberSettings) {
    this.#client = client;
    this.#groupId = groupId;
    this.#settings = settings;
  }

  /** null: it is not in the group, as far as it knows. */
  get memberId(): string | null {
    return this.#memberEpoch === null ? null : this.#memberId;
  }

  /**
   * Joins, commits, stays in the group, reads.
   * @param makeCall asked once it is this call's turn
   * @param take gets the answer before the next call's turn
   */
  fetch(makeCall: () => MemberCall, take: (answer: GroupAnswer, call: MemberCall) => void, signal: AbortSignal): Promise<GroupAnswer> {
    return this.#inTurn(async () => {
      signal.throwIfAborted();
      const call = makeCall();
      const timeoutMs = (call.maxWaitMs ?? 0) + this.#client.requestTimeoutMs;
      const options = { body: this.#body(call), query: { encoding: JSON_BYTES }, timeoutMs, signal };
      this.#hasAsked = true;
      const read = async (response: Response) => (await readJson(response)) as GroupAnswer;
      const answer = await this.#client.attempt("POST", `${groupPath(this.#groupId)}/fetch`, options, read);
      signal.throwIfAborted(); // as if it had been lost: the next answer says the same
      this.#memberEpoch = answer.memberEpoch;
      take(answer, call);
      return answer;
    });
  }

  /** @throws SluiceError where an offset is refused */
  commit(offsets: readonly Position[]): Promise<void> {
    return this.#inTurn(async () => {
      const body = { offsets, memberId: this.#memberId, memberEpoch: this.#memberEpoch ?? 0 };
      const path = `${groupPath(this.#groupId)}/commit`;
      const answer = await this.#client.call<{ offsets: { code?: string; detail?: string }[] }>("POST", path, { body });
      const refusal = answer.offsets.map(refusalOf).find((one) => one !== null);
      if (refusal !== undefined) throw refusal;
    });
  }

  /** The group has put the member out: the next call joins as a new one. */
  lost(): void {
    this.#memberId = newMemberId();
    this.#memberEpoch = null;
    this.#hasAsked = false;
  }

  /** Leaves at once. Also a member whose first answer never came, and whose call may be on its way still. */
  async leave(): Promise<void> {
    await this.#last;
    if (!this.#hasAsked) return;
    this.#memberEpoch = null;
    const path = `${groupPath(this.#groupId)}/members/${encodeURIComponent(this.#memberId)}`;
    await this.#client.call("DELETE", path).catch(ignoreGone);
  }

  /** Until no request is under way. */
  async settled(): Promise<void> {
    await this.#last;
  }

  #body({ commit, positions, owned, paused, ...limits }: MemberCall): GroupFetchRequest {
    const epoch = this.#memberEpoch;
    const known = epoch === null ? {} : { memberEpoch: epoch, ...some({ commit, positions, owned }) };
    return { ...this.#settings, memberId: this.#memberId, ...known, ...some({ paused }), ...limits } as GroupFetchRequest;
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined); // its caller has the rejection; the next request goes all the same
    return result;
  }
}

/** Those lists that have something in them. */
function some(lists: Readonly<Record<string, readonly unknown[] | undefined>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(lists).filter(([, list]) => list !== undefined && list.length > 0));
}

const MEMBER_ID_BYTES = 16;

/** Not `randomUUID`, which pages without TLS do not have. */
function newMemberId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(MEMBER_ID_BYTES));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whoever is out already need not leave. */
function ignoreGone(error: unknown): void {
  if (error instanceof SluiceError && (error.code === "UNKNOWN_MEMBER_ID" || error.code === "GROUP_ID_NOT_FOUND")) return;
  throw error;
}
