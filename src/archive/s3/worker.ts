// The archive in an S3-compatible bucket: the Worker behind the ARCHIVE binding of `npm start -- --archive s3://bucket/prefix`.

import { serveBucket } from "../serve.ts";
import type { S3Env } from "./env.ts";
import { S3Bucket } from "./s3-bucket.ts";

export default {
  fetch: (request, env, context) => serveBucket(request, new S3Bucket(env), (work) => context.waitUntil(work)),
} satisfies ExportedHandler<S3Env>;
