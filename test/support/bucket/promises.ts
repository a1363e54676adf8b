// Runs the bucket's promises (test/conformance/bucket.ts) in a bucket Worker, one test each.

import { test } from "vitest";

// A path that the type checker does not follow: the suite has the types of a Worker, and only its names are wanted here.
const SUITE: string = "../../conformance/bucket.ts";
const { bucketPromises } = (await import(SUITE)) as { bucketPromises: readonly { readonly name: string }[] };

/** `url` is asked for the server when the tests run. */
export function testBucketPromises(url: () => string): void {
  for (const [index, { name }] of bucketPromises.entries()) {
    test(name, async () => {
      const answer = await fetch(`${url()}/promises/${index}`, { method: "POST" });
      if (!answer.ok) throw new Error(await answer.text());
    });
  }
}
