// Health, the cluster, and the documentation of the API itself.

import { bothTypes, none } from "./bodies.ts";
import { HTML_TYPE, JSON_TYPE } from "./media-types.ts";
import { operation } from "./operation.ts";
import { z } from "./zod.ts";

const health = z.strictObject({ status: z.literal("ok") }).meta({ id: "Health" });

export const getHealth = operation({
  id: "getHealth",
  method: "GET",
  path: "/healthz",
  tag: "Cluster",
  summary: "Is the broker up?",
  withoutToken: "anyone",
  params: none,
  query: none,
  answers: { 200: { description: "It answers.", content: { [JSON_TYPE]: { schema: health, example: { status: "ok" } } } } },
  errors: [],
});

const cluster = z
  .strictObject({
    clusterId: z.string().meta({ description: "UUID, made at the first start." }),
    version: z.string().meta({ description: "Version of the broker." }),
    limits: z.record(z.string(), z.int()).meta({ description: "What a request may ask for: bytes, counts and milliseconds." }),
    features: z.array(z.string()).meta({ description: "What this broker can do, by name." }),
  })
  .meta({ id: "Cluster" });

export type ClusterAnswer = z.infer<typeof cluster>;

export const getCluster = operation({
  id: "getCluster",
  method: "GET",
  path: "/v1/cluster",
  tag: "Cluster",
  summary: "Cluster id, version, limits, features",
  params: none,
  query: none,
  answers: {
    200: {
      description: "The cluster.",
      content: bothTypes(cluster, {
        clusterId: "0b5c8a34-8c5f-4c39-9f8c-1de1b2a0f9d1",
        version: "0.1.0",
        limits: { maxBodyBytes: 25165824, maxWaitMs: 60000 },
        features: ["produce", "fetch"],
      }),
    },
  },
  errors: [],
});

export const getOpenApi = operation({
  id: "getOpenApi",
  method: "GET",
  path: "/openapi.json",
  tag: "Documentation",
  summary: "This API as an OpenAPI 3.1 document",
  withoutToken: "configured",
  params: none,
  query: none,
  answers: {
    200: {
      description: "The document.",
      content: { [JSON_TYPE]: { schema: z.looseObject({ openapi: z.string() }).meta({ id: "OpenApi" }) } },
    },
  },
  errors: [],
});

export const getDocs = operation({
  id: "getDocs",
  method: "GET",
  path: "/docs",
  tag: "Documentation",
  summary: "This API as a page for people",
  withoutToken: "configured",
  params: none,
  query: none,
  answers: { 200: { description: "The page.", content: { [HTML_TYPE]: {} } } },
  errors: [],
});
