// What the admin does, on every platform. What it makes has names of its own, so that others on the broker do not matter.

import { aTopic, errorOf, produce, type Scenario } from "./scenario.ts";

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export const ADMINISTRATION: readonly Scenario[] = [
  {
    name: "topics are made, described, altered, listed and deleted",
    async run(kit) {
      const { topics } = new kit.sdk.Admin(kit.connect());
      const prefix = `sdk-${crypto.randomUUID()}`;
      for (const letter of ["b", "a", "c"])
        await topics.create({ name: `${prefix}${letter}`, partitions: 2, configs: { "retention.ms": 1000 } });
      const altered = await topics.alter(`${prefix}a`, { partitions: 3, configs: { "retention.ms": null, "cleanup.policy": "compact" } });
      const described = await topics.describe(`${prefix}a`);
      const listed: string[] = [];
      for await (const { name, partitions } of topics.list({ prefix })) listed.push(`${name.slice(prefix.length)}:${partitions}`);
      await topics.delete(`${prefix}a`);
      return {
        ...{ altered: altered.configs, partitions: described.partitions.length, listed },
        gone: (await errorOf(topics.describe(`${prefix}a`)))!.code,
      };
    },
    expected: {
      altered: { "cleanup.policy": "compact" },
      partitions: 3,
      listed: ["a:3", "b:2", "c:2"],
      gone: "UNKNOWN_TOPIC_OR_PARTITION",
    },
  },
  {
    name: "offsets are told, records before one deleted, groups committed to, reset and deleted",
    async run(kit) {
      const topic = await aTopic(kit);
      await produce(kit, topic, 4);
      const { topics, groups } = new kit.sdk.Admin(kit.connect());
      const groupId = `of-${topic}`;
      await groups.commit(groupId, { offsets: [{ topic, partition: 0, offset: 3 }] });
      const [committed] = (await groups.offsets(groupId)).offsets;
      const reset = await groups.reset(groupId, { topic, partition: 0, to: { shiftBy: -2 } });
      await groups.delete(groupId);
      return {
        ...{ latest: (await topics.offset(topic, 0, "latest")).offset, start: (await topics.truncate(topic, 0, 1)).logStartOffset },
        ...{ committed: committed!.offset, lag: committed!.lag, reset: reset.offsets.map(({ to }) => to) },
        gone: (await errorOf(groups.describe(groupId)))!.code,
      };
    },
    expected: { latest: 4, start: 1, committed: 3, lag: 1, reset: [1], gone: "GROUP_ID_NOT_FOUND" },
  },
  {
    name: "users, tokens, ACLs and quotas are made, listed and taken away; a token may do what it may, and no more",
    async run(kit) {
      const topic = await aTopic(kit);
      const [user, name] = [`user-of-${topic}`, `token-of-${topic}`];
      const { security } = new kit.sdk.Admin(kit.connect());
      const rights = { role: "read" as const, topics: [topic] };
      await security.putUser(user, { password: "correct horse", rights });
      const { token } = await security.createToken({ name, rights });
      const reader = kit.connect({ token });
      const producer = new kit.sdk.Producer(reader);
      const acl = { resourceType: "TOPIC", resourceName: `${topic}-other`, principal: `User:${user}`, operation: "READ" } as const;
      await security.setQuota({ user, values: { producer_byte_rate: 1_000 } });
      const made = {
        users: (await security.users()).filter((one) => one.user === user).length,
        hasRights: (await security.user(user)).acls.length > 0,
        tokens: (await security.tokens()).filter((one) => one.name === name).length,
        described: (await new kit.sdk.Admin(reader).topics.describe(topic)).name === topic,
        refused: (await errorOf(producer.send({ topic, value: "no" })))!.name,
        acls: [await security.createAcls([acl]), (await security.acls({ resourceName: acl.resourceName })).length],
        deleted: (await security.deleteAcls({ resourceName: acl.resourceName })).length,
        quota: (await security.quotas()).find((one) => one.user === user)?.values,
      };
      await producer.close();
      await security.setQuota({ user, values: { producer_byte_rate: null } });
      await security.deleteToken(name);
      await security.deleteUser(user);
      const gone = [(await security.users()).some((one) => one.user === user), (await security.tokens()).some((one) => one.name === name)];
      return { ...made, gone };
    },
    expected: {
      ...{ users: 1, hasRights: true, tokens: 1, described: true, refused: "AuthorizationError" },
      ...{ acls: [[null], 1], deleted: 1, quota: { producer_byte_rate: 1_000 }, gone: [false, false] },
    },
  },
  {
    name: "a transaction that its producer left open is found, and aborted",
    async run(kit) {
      const topic = await aTopic(kit);
      const transactionalId = `left-open-${topic}`;
      const { transactions } = new kit.sdk.Admin(kit.connect());
      const producer = new kit.sdk.Producer(kit.connect(), { transactionalId });
      await producer.beginTransaction();
      await producer.send({ topic, value: "undecided" });
      const ongoing = await collect(transactions.list({ state: "Ongoing" }));
      const open = ongoing.find((one) => one.transactionalId === transactionalId)!;
      await transactions.abort(transactionalId, open);
      const { state } = await transactions.describe(transactionalId);
      await producer.close();
      return { partitions: open.partitions.map(({ partition }) => partition), isOngoing: state === "Ongoing" };
    },
    expected: { partitions: [0], isOngoing: false },
  },
  {
    name: "sources of inbound webhooks are made, given another secret, listed and deleted",
    async run(kit) {
      const topic = await aTopic(kit);
      const { ingest } = new kit.sdk.Admin(kit.connect());
      const made = await ingest.put(topic, "github", { signature: { scheme: "github", secrets: ["one"] }, key: { pointer: "/action" } });
      const rotated = await ingest.rotateSecret(topic, "github", { secret: "two", overlapMs: 60_000 });
      const isTold = JSON.stringify(await ingest.describe(topic, "github")) === JSON.stringify(rotated);
      const listed = (await ingest.list(topic)).map(({ path }) => path === made.path);
      await ingest.delete(topic, "github");
      return {
        ...{ hasPath: made.path === `/v1/topics/${topic}/ingest/github`, key: made.key, dedupWindowMs: made.dedupWindowMs },
        ...{ lasting: rotated.signature?.secrets.map(({ validUntil }) => validUntil === null), isTold, listed },
        gone: (await errorOf(ingest.describe(topic, "github")))!.code,
      };
    },
    expected: {
      ...{ hasPath: true, key: { pointer: "/action" }, dedupWindowMs: 86_400_000 },
      ...{ lasting: [true, false], isTold: true, listed: [true], gone: "RESOURCE_NOT_FOUND" },
    },
  },
  {
    name: "subscriptions are made, paused, listed and deleted, and their secret is told once",
    async run(kit) {
      const topic = await aTopic(kit);
      const { subscriptions } = new kit.sdk.Admin(kit.connect());
      const name = `hooks-${topic}`;
      const made = await subscriptions.put(name, { topics: [topic], url: "https://example.com/hook" });
      const { paused } = await subscriptions.pause(name);
      const seen = {
        ...{ secret: made.secret?.slice(0, 6), paused, toldAgain: "secret" in (await subscriptions.describe(name)) },
        listed: (await collect(subscriptions.list({ prefix: name }))).length,
        deliveries: await collect(subscriptions.deliveries(name)),
      };
      await subscriptions.delete(name);
      return { ...seen, left: (await collect(subscriptions.list({ prefix: name }))).length };
    },
    expected: { secret: "whsec_", paused: true, toldAgain: false, listed: 1, deliveries: [], left: 0 },
  },
  {
    name: "the cluster tells its limits, and that it is up",
    async run(kit) {
      const admin = new kit.sdk.Admin(kit.connect());
      return { isUp: await admin.isUp(), hasLimits: (await admin.cluster()).limits.maxBodyBytes! > 0 };
    },
    expected: { isUp: true, hasLimits: true },
  },
];
