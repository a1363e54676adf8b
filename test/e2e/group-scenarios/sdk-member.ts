// A member by the SDK, over HTTP. Its `fetch` can be cut, as the network of a process that is killed.

import { ClosedError } from "../../../src/sdk/errors.ts";
import { asText, createClient, GroupConsumer } from "../../../src/sdk/index.ts";
import type { Broker } from "../../support/broker.ts";
import { type Member, type MemberOptions, placeName } from "./member.ts";

const MAX_WAIT_MS = 1_000;

export async function startSdkMember(broker: Broker, options: MemberOptions): Promise<Member> {
  const { groupId, topics, instanceId, sessionTimeoutMs, handle } = options;
  const line = new AbortController();
  let timesAssigned = 0;
  let isAnswered = false;
  let failure: string | null = null;
  const consumer = new GroupConsumer(createClient({ url: broker.url, fetch: cuttableFetch(line.signal) }), {
    ...{ groupId, topics, sessionTimeoutMs, maxWaitMs: MAX_WAIT_MS, autoOffsetReset: "earliest", ...(instanceId && { instanceId }) },
    onAssigned: () => {
      timesAssigned += 1;
      isAnswered = true;
    },
  });
  const running = consumer
    .run(({ topic, partition, offset, value }) => handle({ topic, partition, offset, value: asText(value) ?? "" }))
    .catch((error: unknown) => {
      if (!line.signal.aborted) failure = String(error);
    });
  return {
    assigned: () => (isAnswered ? consumer.assignment.map(placeName).sort() : null),
    get timesAssigned() {
      return timesAssigned;
    },
    get failure() {
      return failure;
    },
    seek: async (place, offset) => consumer.seek(place, offset),
    pause: async (places) => consumer.pause(places),
    resume: async (places) => consumer.resume(places),
    async leave() {
      await consumer.close();
      await running;
    },
    async crash() {
      line.abort(new ClosedError("process")); // its handler may never end
    },
  };
}

/** @param cut once it aborts, what is under way breaks, and nothing goes out any more */
function cuttableFetch(cut: AbortSignal) {
  return async (url: string, init: RequestInit): Promise<Response> => {
    cut.throwIfAborted();
    return fetch(url, { ...init, signal: AbortSignal.any([cut, ...(init.signal ? [init.signal] : [])]) });
  };
}
