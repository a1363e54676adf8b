// When a member that reads to the end sees the end, in one process with a broker in memory.

import { expect, test } from "vitest";
import { readGroup } from "../../../../src/cli/consume/read-group.ts";
import type { Session } from "../../../../src/cli/session.ts";
import { Admin } from "../../../../src/sdk/admin/admin.ts";
import type { Fetch } from "../../../../src/sdk/client.ts";
import { asText } from "../../../../src/sdk/consumer/records.ts";
import { appWithTopic, produceN } from "../../../support/http.ts";
import { clientOf } from "../../../support/sdk-client.ts";

test("a member that has no partitions yet is not at the end", async () => {
  const app = await appWithTopic();
  await produceN(app, 3);
  let looks = 0;
  const fetch: Fetch = async (url, init) => {
    const { pathname, search } = new URL(url);
    if (pathname.endsWith("/offsets")) looks++;
    const answer = await app.request(pathname + search, init);
    if (!pathname.endsWith("/fetch")) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10)); // nothing in memory waits, and the member would ask without end
    if (looks > 1) return answer;
    // As the group answers while another member still has the partitions.
    return Response.json({ ...((await answer.json()) as object), assignment: [], records: [], positions: [] });
  };
  const client = clientOf(app, { fetch });
  const session = { client, admin: new Admin(client), signal: new AbortController().signal } as Session;
  const read: (string | null)[] = [];
  const member = { groupId: "g", topics: ["orders"], isolation: "read_committed", autoOffsetReset: "earliest", exitAtEnd: true } as const;
  await readGroup(session, member, async ({ value }) => {
    read.push(asText(value));
    return "more";
  });
  expect(read).toEqual(["v0", "v1", "v2"]);
});
