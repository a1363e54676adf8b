// Inbound webhooks: anybody's webhook as a record, and the sources that say who may send one.

import {
  DEFAULT_INGEST_TOLERANCE_MS,
  DEFAULT_ONCE_WINDOW_MS,
  MAX_INGEST_SECRET_LENGTH,
  MAX_INGEST_SECRETS,
  MAX_INGEST_SOURCE_NAME_LENGTH,
  MAX_INGEST_TOLERANCE_MS,
  MAX_ONCE_WINDOW_MS,
} from "../common/limits/ingest.ts";
import { bothTypes, none, requestBody } from "./bodies.ts";
import { offset, partition, timestamp, topicName, topicParams } from "./fields.ts";
import { operation } from "./operation.ts";
import { z } from "./zod.ts";

const NAME = new RegExp(`^(?!\\.{1,2}$)[a-zA-Z0-9._-]{1,${MAX_INGEST_SOURCE_NAME_LENGTH}}$`);

const sourceName = z
  .string()
  .regex(NAME, `must be 1 to ${MAX_INGEST_SOURCE_NAME_LENGTH} of a-z A-Z 0-9 . _ - and not "." or ".."`)
  .meta({ description: "Name of the source; `default` is the one of the path without a name.", examples: ["github"] });

const sourceParams = z.strictObject({ topic: topicName, source: sourceName });

const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/, "must be the name of an HTTP header")
  .transform((name) => name.toLowerCase())
  .pipe(z.string());

const parameterName = z.string().min(1).max(100);

const valuePlace = z
  .union([
    z.strictObject({ header: headerName }),
    z.strictObject({
      pointer: z
        .string()
        .max(200)
        .regex(/^(\/([^~/]|~[01])*)+$/, "must be a JSON pointer (RFC 6901), /like/this"),
    }),
  ])
  .meta({ id: "ValuePlace", description: "A header, or a JSON pointer (RFC 6901) to a string, an integer or a boolean in the body." });

const secret = z.string().min(1).max(MAX_INGEST_SECRET_LENGTH);
const secrets = z
  .array(secret)
  .min(1)
  .max(MAX_INGEST_SECRETS)
  .optional()
  .meta({ description: "Any of which may have signed. Absent: those that the source has. Never told again." });

/** Of a scheme, beside its secrets. */
const plainScheme = { scheme: z.enum(["standard", "github", "stripe", "slack"]) };
const hmacScheme = {
  scheme: z.literal("hmac"),
  header: headerName.meta({ description: "That has the digest." }),
  algorithm: z.enum(["sha1", "sha256", "sha512"]).default("sha256"),
  encoding: z.enum(["hex", "base64"]).default("hex"),
  prefix: z.string().max(50).default("").meta({ description: "What stands before the digest, `sha256=`." }),
};

const tokenScheme = {
  scheme: z.literal("token"),
  in: z
    .union([z.strictObject({ header: headerName }), z.strictObject({ parameter: parameterName })])
    .meta({ description: "Where the sender shows it: a header, or a parameter of the URL's query." }),
};

const configFields = {
  toleranceMs: z
    .int()
    .min(1_000)
    .max(MAX_INGEST_TOLERANCE_MS)
    .default(DEFAULT_INGEST_TOLERANCE_MS)
    .meta({ description: "How far the signed time may be from now, where the scheme signs one (`standard`, `stripe`, `slack`)." }),
  id: z
    .union([z.literal("scheme"), valuePlace])
    .nullable()
    .default("scheme")
    .meta({
      description:
        "By which an event is written once. `scheme`: where its senders put it (`webhook-id`; `x-github-delivery`; `/id`; `/event_id`; `hmac` has none). null: events are written whenever they come.",
    }),
  key: valuePlace.nullable().default(null).meta({ description: "The record's key; the id where absent, or not in the request." }),
  dedupWindowMs: z
    .int()
    .min(1_000)
    .max(MAX_ONCE_WINDOW_MS)
    .default(DEFAULT_ONCE_WINDOW_MS)
    .meta({ description: "For how long an id is known again." }),
  dropHeaders: z
    .array(headerName)
    .max(50)
    .default([])
    .meta({ description: "Headers that records do not keep, beside those that they never do." }),
  query: z
    .strictObject({
      drop: z.array(parameterName).max(50).default([]).meta({ description: "Parameters that records do not keep, beside credentials." }),
      echo: parameterName.nullable().default(null).meta({
        description:
          "By which senders ask whether the URL is theirs to call (`validationToken`): its value is the answer, nothing is written.",
      }),
    })
    .nullable()
    .default(null)
    .meta({ description: "What becomes of the URL's query: the record's header `sluice.query`. null: one is refused, but for the token." }),
};

export const putSourceBody = z
  .strictObject({
    signature: z
      .discriminatedUnion("scheme", [
        z.strictObject({ ...plainScheme, secrets }),
        z.strictObject({ ...hmacScheme, secrets }),
        z.strictObject({ ...tokenScheme, secrets }),
      ])
      .nullable()
      .default(null)
      .meta({ description: "null: senders need a token, as for any produce." }),
    ...configFields,
  })
  .meta({ id: "PutSource" });

const secretsTold = z.array(z.strictObject({ validUntil: timestamp.nullable().meta({ description: "null: until it is replaced." }) }));

const source = z
  .strictObject({
    topic: topicName,
    name: sourceName,
    path: z.string().meta({ description: "What senders POST to." }),
    signature: z
      .discriminatedUnion("scheme", [
        z.strictObject({ ...plainScheme, secrets: secretsTold }),
        z.strictObject({ ...hmacScheme, secrets: secretsTold }),
        z.strictObject({ ...tokenScheme, secrets: secretsTold }),
      ])
      .nullable(),
    ...configFields,
    createdAt: timestamp,
  })
  .meta({ id: "Source" });

const EXAMPLE = {
  topic: "events",
  name: "github",
  path: "/v1/topics/events/ingest/github",
  signature: { scheme: "github", secrets: [{ validUntil: null }] },
  toleranceMs: DEFAULT_INGEST_TOLERANCE_MS,
  id: "scheme",
  key: { pointer: "/repository/full_name" },
  dedupWindowMs: DEFAULT_ONCE_WINDOW_MS,
  dropHeaders: [],
  query: null,
  createdAt: 1760000000000,
} as const;

const described = { description: "The source, without its secrets.", content: bothTypes(source, EXAMPLE) };

const ingested = z
  .strictObject({
    topic: topicName,
    partition,
    offset,
    duplicate: z.boolean().meta({ description: "The event was there already: this is the place of the first one." }),
  })
  .meta({ id: "Ingested" });

const challenge = z.strictObject({ challenge: z.string() }).meta({ id: "IngestChallenge" });

const sending = {
  method: "POST",
  tag: "Produce",
  description: [
    "The body is the record's value, byte for byte; the sender's headers are the record's, but for credentials and what belongs to the connection. 202 once it is durable.",
    "Where the source has a signature the request needs no token: the signature is the credential. Otherwise it needs the right to write to the topic. The path without a name is the source `default`, which need not be made.",
    "An event whose id was there within the source's `dedupWindowMs` is not written again. A query is refused unless the source's `query` or its token says otherwise.",
  ].join("\n\n"),
  withoutToken: "signed",
  takesAnyMedia: true,
  query: z.looseObject({}), // what a source takes is its own
  body: { required: false, content: { "*/*": { description: "The value of the record." } } },
  answers: {
    200: {
      description: "Slack's `url_verification`, or as text what `query.echo` names: nothing is written.",
      content: bothTypes(challenge, { challenge: "3eZbrw1a" }),
    },
    202: { description: "Durable.", content: bothTypes(ingested, { topic: "events", partition: 0, offset: 41, duplicate: false }) },
  },
  errors: [
    "UNKNOWN_TOPIC_OR_PARTITION",
    "INVALID_TOPIC_EXCEPTION",
    "RESOURCE_NOT_FOUND",
    "INVALID_RECORD",
    "INVALID_REQUEST",
    "MESSAGE_TOO_LARGE",
    "RECORD_LIST_TOO_LARGE",
    "TOPIC_AUTHORIZATION_FAILED",
    "KAFKA_STORAGE_ERROR",
    "LEADER_NOT_AVAILABLE",
    "REQUEST_TIMED_OUT",
  ],
} as const;

export const ingest = operation({
  ...sending,
  id: "ingest",
  path: "/v1/topics/{topic}/ingest",
  summary: "Take a webhook as a record",
  params: topicParams,
});

export const ingestFrom = operation({
  ...sending,
  id: "ingestFrom",
  path: "/v1/topics/{topic}/ingest/{source}",
  summary: "Take a webhook of a source as a record",
  params: sourceParams,
});

const SOURCE_ERRORS = [
  "UNKNOWN_TOPIC_OR_PARTITION",
  "INVALID_TOPIC_EXCEPTION",
  "RESOURCE_NOT_FOUND",
  "TOPIC_AUTHORIZATION_FAILED",
] as const;

const sources = z.strictObject({ sources: z.array(source) }).meta({ id: "Sources" });

export const listSources = operation({
  id: "listSources",
  method: "GET",
  path: "/v1/topics/{topic}/ingest",
  tag: "Webhooks",
  summary: "A topic's sources of inbound webhooks",
  params: topicParams,
  query: none,
  answers: { 200: { description: "All of them, by name.", content: bothTypes(sources, { sources: [EXAMPLE] }) } },
  errors: SOURCE_ERRORS,
});

export const putSource = operation({
  id: "putSource",
  method: "PUT",
  path: "/v1/topics/{topic}/ingest/{source}",
  tag: "Webhooks",
  summary: "Make or change a source of inbound webhooks",
  description:
    "The body is the whole of it, but for `secrets`: without them it keeps those that it has, if the scheme is the same. Every edge knows of a change within 6 s.",
  params: sourceParams,
  query: none,
  body: requestBody(putSourceBody, {
    signature: { scheme: "github", secrets: ["It's a Secret to Everybody"] },
    key: { pointer: "/repository/full_name" },
  }),
  answers: { 200: { ...described, description: "Changed." }, 201: { ...described, description: "Made." } },
  errors: [...SOURCE_ERRORS, "UNACCEPTABLE_CREDENTIAL", "POLICY_VIOLATION"],
});

export const getSource = operation({
  id: "getSource",
  method: "GET",
  path: "/v1/topics/{topic}/ingest/{source}",
  tag: "Webhooks",
  summary: "A source of inbound webhooks",
  params: sourceParams,
  query: none,
  answers: { 200: described },
  errors: SOURCE_ERRORS,
});

export const deleteSource = operation({
  id: "deleteSource",
  method: "DELETE",
  path: "/v1/topics/{topic}/ingest/{source}",
  tag: "Webhooks",
  summary: "Delete a source of inbound webhooks",
  description: "Its records stay.",
  params: sourceParams,
  query: none,
  answers: { 204: { description: "Deleted." } },
  errors: SOURCE_ERRORS,
});

export const rotateSourceSecretBody = z
  .strictObject({
    secret,
    overlapMs: z
      .int()
      .min(0)
      .max(30 * 86_400_000)
      .default(86_400_000)
      .meta({ description: "Those before are valid for so long as well." }),
  })
  .meta({ id: "RotateSourceSecret" });

export const rotateSourceSecret = operation({
  id: "rotateSourceSecret",
  method: "POST",
  path: "/v1/topics/{topic}/ingest/{source}/rotate-secret",
  tag: "Webhooks",
  summary: "Take signatures by a new secret, and by those before for a while",
  params: sourceParams,
  query: none,
  body: requestBody(rotateSourceSecretBody, { secret: "a new one", overlapMs: 3_600_000 }),
  answers: { 200: described },
  errors: [...SOURCE_ERRORS, "UNACCEPTABLE_CREDENTIAL"],
});

export const INGEST_OPERATIONS = [ingest, ingestFrom, listSources, putSource, getSource, deleteSource, rotateSourceSecret];

export type PutSourceRequest = z.input<typeof putSourceBody>;
export type RotateSourceSecretRequest = z.input<typeof rotateSourceSecretBody>;
export type Source = z.infer<typeof source>;
export type Sources = z.infer<typeof sources>;
export type Ingested = z.infer<typeof ingested>;
