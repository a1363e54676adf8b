// What `--archive` takes: nothing (this machine, in the data folder), or s3://bucket/prefix with AWS's usual environment variables.
//
// AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_REGION and AWS_DEFAULT_REGION are read as AWS's own tools read them, in that order. The
// secrets are not: workerd takes them from the environment itself, so that they are in no file.

import { isIP } from "node:net";
import { StartError, USAGE_EXIT_CODE } from "./start-error.ts";

export type ArchiveOptions = { readonly kind: "local" } | S3ArchiveOptions;

export interface S3ArchiveOptions {
  readonly kind: "s3";
  readonly bucket: string;
  /** What all keys begin with: empty, or with a slash at its end. */
  readonly prefix: string;
  readonly region: string;
  /** Without a slash at its end. */
  readonly endpoint: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** `value` is what follows --archive, empty where nothing does. Throws StartError with what is wrong or missing. */
export function parseArchive(value: string, environment: Environment): ArchiveOptions {
  if (value === "") return { kind: "local" };
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(value);
  if (match === null) throw refusal(`--archive takes nothing or s3://bucket/prefix, not "${value}"`);
  const prefix = (match[2] ?? "").replace(/\/+$/, "");
  if (/[^\x21-\x7e]/.test(prefix) || prefix.split("/").some((step) => step === "." || step === ".." || (step === "" && prefix !== ""))) {
    throw refusal(`--archive: "${prefix}" is no prefix of keys: printable ASCII, no empty, "." or ".." step`);
  }
  const missing = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].filter((name) => !environment[name]);
  const region = environment.AWS_REGION || environment.AWS_DEFAULT_REGION;
  if (!region) missing.push("AWS_REGION");
  if (missing.length > 0 || !region) throw refusal(`--archive ${value} needs ${missing.join(", ")} in the environment`);
  return { kind: "s3", bucket: match[1]!, prefix: prefix === "" ? "" : `${prefix}/`, region, endpoint: parseEndpoint(environment, region) };
}

function parseEndpoint(environment: Environment, region: string): string {
  const name = environment.AWS_ENDPOINT_URL_S3 ? "AWS_ENDPOINT_URL_S3" : "AWS_ENDPOINT_URL";
  const value = environment[name];
  if (!value) return `https://s3.${region}.amazonaws.com`;
  const url = URL.canParse(value) ? new URL(value) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== "" || url.hash !== "" || url.username !== "") {
    throw refusal(`${name} takes an http or https URL, not "${value}"`);
  }
  return url.href.replace(/\/+$/, "");
}

/** The peers that the archive may reach, in workerd's terms: the endpoint alone where it is an address, else whatever its name leads to. */
export function allowedPeers({ endpoint }: S3ArchiveOptions): readonly string[] {
  const host = new URL(endpoint).hostname.replace(/^\[(.*)\]$/, "$1");
  const version = isIP(host);
  return version === 0 ? ["public", "private"] : [`${host}/${version === 4 ? 32 : 128}`];
}

function refusal(message: string): StartError {
  return new StartError(message, USAGE_EXIT_CODE);
}
