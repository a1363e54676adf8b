// The archive in Durable Objects, behind the real binding in plain workerd.

import { afterAll, beforeAll, test } from "vitest";
import { type BucketServer, startBucketServer } from "../support/bucket/server.ts";
import { describeBucketPromises } from "../support/bucket/promises.ts";

describeBucketPromises(() => startBucketServer({ kind: "local" }));
