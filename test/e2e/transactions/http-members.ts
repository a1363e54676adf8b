// Members of a group over HTTP, which read committed records, commit them with the next call, leave and come back.

import type { GroupFetched } from "../../support/http-member.ts";
import { callUntilAnswered, codeOf, PLACES, pause, splitPlace, TOPICS, type Work } from "./work.ts";

const ISOLATION = "read_committed";
/** One call in so many is followed by leaving the group. */
const LEAVE_SHARE = 0.02;

const SUBSCRIPTION = {
  topics: [TOPICS.input, ...TOPICS.outputs],
  ...{ isolation: ISOLATION, maxRecords: 100, maxWaitMs: 100, sessionTimeoutMs: 6_000 },
};

export async function runHttpMember(work: Work, client: string, groupId: string): Promise<void> {
  const random = work.newRandom();
  let last: GroupFetched | null = null;
  while (!work.isOver) {
    const member = last === null ? {} : { memberId: last.memberId, memberEpoch: last.memberEpoch, commit: last.positions };
    const startMs = work.now();
    const { answer, isRepeated } = await callUntilAnswered(work, "POST", `/v1/groups/${groupId}/fetch`, { ...SUBSCRIPTION, ...member });
    const fetched: GroupFetched | null = answer === null || codeOf(answer) !== null ? null : (answer.body as GroupFetched);
    if (fetched === null || isRepeated || !goesOn(last, fetched)) work.record({ kind: "seek", client, startMs, endMs: startMs });
    if (fetched !== null) note(work, client, startMs, fetched);
    last = fetched;
    if (last !== null && random.isChance(LEAVE_SHARE)) {
      await callUntilAnswered(work, "DELETE", `/v1/groups/${groupId}/members/${last.memberId}`, {});
      last = null;
    }
    await pause();
  }
}

/** Whether the answer follows the one before: the same place in the group, and all commits taken. */
function goesOn(before: GroupFetched | null, { memberId, memberEpoch, assignment, commits }: GroupFetched): boolean {
  const isSameMember = memberId === before?.memberId && memberEpoch === before.memberEpoch;
  return (
    isSameMember && JSON.stringify(assignment) === JSON.stringify(before.assignment) && commits.every(({ code }) => code === undefined)
  );
}

function note(work: Work, client: string, startMs: number, { records, positions }: GroupFetched): void {
  const endMs = work.now();
  for (const place of PLACES) {
    const { topic, partition } = splitPlace(place);
    const isHere = (one: { topic: string; partition: number }) => one.topic === topic && one.partition === partition;
    const polled = records.filter(isHere).map(({ offset, value }) => [offset, value] as const);
    const to = positions.find(isHere)?.offset ?? null;
    if (polled.length === 0) continue;
    work.record({ kind: "poll", client, startMs, endMs, isolation: ISOLATION, place, from: null, records: polled, to });
  }
}
