// The archive on this machine: the Worker behind the ARCHIVE binding of `npm start -- --archive`.

import { serveBucket } from "../serve.ts";
import type { LocalEnv } from "./env.ts";
import { LocalBucket } from "./local-bucket.ts";

export { ArchiveBlob } from "./blob-object.ts";
export { ArchiveIndex } from "./index-object.ts";

export default {
  fetch: (request, env, context) => serveBucket(request, new LocalBucket(env), (work) => context.waitUntil(work)),
} satisfies ExportedHandler<LocalEnv>;
