// The bucket's promises over R2 as wrangler emulates it: they describe R2, not only our archive.

import { env } from "cloudflare:workers";
import { test } from "vitest";
import { bucketPromises } from "../conformance/bucket.ts";

for (const { name, check } of bucketPromises) test(name, () => check(env.ARCHIVE!, `suite-${crypto.randomUUID()}/`));
