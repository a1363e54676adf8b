import { expect, test } from "vitest";
import { allowedPeers, parseArchive, type S3ArchiveOptions } from "../../../scripts/serve/archive-options.ts";
import { parseServeOptions } from "../../../scripts/serve/options.ts";

const AWS = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret", AWS_REGION: "eu-west-1" };

const archiveOf = (...args: string[]) => parseServeOptions(args, AWS)!.archive;

test("--archive may stand alone, between other flags and at the end", () => {
  expect(archiveOf()).toBeNull();
  expect(archiveOf("--archive")).toEqual({ kind: "local" });
  expect(archiveOf("--archive", "--port", "0")).toEqual({ kind: "local" });
  expect(archiveOf("--archive", "s3://bucket")).toMatchObject({ kind: "s3", bucket: "bucket", prefix: "" });
  expect(archiveOf("--archive=s3://bucket/a/b/", "--port", "0")).toMatchObject({ bucket: "bucket", prefix: "a/b/" });
});

test("takes endpoint and region where AWS's tools take them", () => {
  const of = (environment: Record<string, string>) => parseArchive("s3://bucket", { ...AWS, ...environment }) as S3ArchiveOptions;
  expect(of({}).endpoint).toBe("https://s3.eu-west-1.amazonaws.com");
  expect(of({ AWS_ENDPOINT_URL: "http://minio:9000/" }).endpoint).toBe("http://minio:9000");
  expect(of({ AWS_ENDPOINT_URL: "http://a", AWS_ENDPOINT_URL_S3: "https://b/base" }).endpoint).toBe("https://b/base");
  expect(of({ AWS_REGION: "", AWS_DEFAULT_REGION: "auto" }).region).toBe("auto");
});

test("names what is wrong or missing", () => {
  const cases: readonly (readonly [string, Record<string, string>, string])[] = [
    ["s3://bucket", { AWS_SECRET_ACCESS_KEY: "" }, "needs AWS_SECRET_ACCESS_KEY in the environment"],
    ["s3://bucket", { AWS_REGION: "" }, "needs AWS_REGION in"],
    ["s3://bucket", { AWS_ENDPOINT_URL: "minio:9000" }, 'AWS_ENDPOINT_URL takes an http or https URL, not "minio:9000"'],
    ["s3://Bucket_1", {}, '"s3://Bucket_1"'],
    ["s3://", {}, '"s3://"'],
    ["/var/archive", {}, '"/var/archive"'],
    ["s3://bucket/a//b", {}, '"a//b"'],
    ["s3://bucket/../b", {}, '"../b"'],
  ];
  for (const [value, environment, named] of cases) expect(() => parseArchive(value, { ...AWS, ...environment })).toThrow(named);
});

test("lets the archive reach an address alone, or whatever a name leads to", () => {
  const of = (endpoint: string) => allowedPeers({ kind: "s3", bucket: "b", prefix: "", region: "r", endpoint });
  expect(of("http://10.1.2.3:9000")).toEqual(["10.1.2.3/32"]);
  expect(of("http://[::1]:9000")).toEqual(["::1/128"]);
  expect(of("https://s3.example.com")).toEqual(["public", "private"]);
});
