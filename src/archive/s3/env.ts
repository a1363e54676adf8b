// The bindings of the S3 archive's Worker: where the objects are, and the credentials. scripts/serve/archive-options.ts validates them.

export interface S3Env {
  /** Base URL without a slash at its end. The bucket is the first part of the path (path style). */
  readonly S3_ENDPOINT: string;
  readonly S3_BUCKET: string;
  /** What all keys begin with there: empty, or with a slash at its end. */
  readonly S3_PREFIX: string;
  readonly AWS_REGION: string;
  readonly AWS_ACCESS_KEY_ID: string;
  readonly AWS_SECRET_ACCESS_KEY: string;
  /** Of temporary credentials. */
  readonly AWS_SESSION_TOKEN?: string | null;
}
