// Reading parts of partitions, in one process with a broker in memory.

import { expect, test } from "vitest";
import { readRanges } from "../../../../src/cli/consume/read-ranges.ts";
import { isCollected } from "../../../support/collected.ts";
import { appWithTopic, produceN } from "../../../support/http.ts";
import { clientOf } from "../../../support/sdk-client.ts";

const NEVER = new AbortController().signal;

test("a record that was given is held by nobody, though the reading goes on", async () => {
  const app = await appWithTopic();
  const pages = readRanges({ client: clientOf(app) }, [{ topic: "orders", partition: 0, start: 0, end: null }], { signal: NEVER });
  let first: WeakRef<object> | null = null;
  for (let page = 0; page < 3; page++) {
    const next = pages.next();
    await produceN(app, 1);
    const { value } = await next;
    first ??= new WeakRef((value as readonly object[])[0]!);
  }
  expect(await isCollected(first!)).toBe(true);
  await pages.return(undefined);
});

test("it ends at the end of a part, and when the signal says so", async () => {
  const app = await appWithTopic();
  await produceN(app, 3);
  const stop = new AbortController();
  const read = async (end: number | null, signal: AbortSignal) => {
    const offsets: number[] = [];
    for await (const page of readRanges({ client: clientOf(app) }, [{ topic: "orders", partition: 0, start: 0, end }], { signal })) {
      offsets.push(...page.map(({ offset }) => offset));
      if (offsets.length === 3) stop.abort();
    }
    return offsets;
  };
  expect(await read(2, NEVER)).toEqual([0, 1]);
  expect(await read(null, stop.signal)).toEqual([0, 1, 2]);
});
