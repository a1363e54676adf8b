// /v1/topics/{topic}/ingest/{source}: the sources of inbound webhooks. Their secrets come in and never go out.

import type { Source } from "../../contract/ingest.ts";
import * as contract from "../../contract/ingest.ts";
import type { z } from "../../contract/zod.ts";
import type { PutSource, SourceView } from "../../ingest/messages.ts";
import type { Scheme } from "../../ingest/source.ts";
import { answer, noContent } from "./answer.ts";
import type { Call } from "./call.ts";
import { ProblemError, requireResult } from "./problem.ts";
import { validBody } from "./validate.ts";

type SourceCall = Call<z.output<(typeof contract.getSource)["params"]>>;

/** Fields of these bodies have no errors of their own. */
const NO_FIELD_ERRORS = {};

export async function listSources(call: Call<z.output<(typeof contract.listSources)["params"]>>): Promise<Response> {
  const sources = requireResult(await call.broker.ingestSources.list(call.params.topic));
  return answer(call, { sources: sources.map(sourceAnswer) });
}

export async function getSource(call: SourceCall): Promise<Response> {
  const { topic, source } = call.params;
  return answer(call, sourceAnswer(requireResult(await call.broker.ingestSources.get(topic, source))));
}

export async function putSource(call: SourceCall): Promise<Response> {
  const { topic, source: name } = call.params;
  const { signature, ...config } = await validBody(call.request, contract.putSourceBody, NO_FIELD_ERRORS);
  const scheme = signature === null ? null : schemeOf(signature);
  const request: PutSource = { topic, name, config: { ...config, scheme }, ...(signature?.secrets && { secrets: signature.secrets }) };
  const { source, isNew } = requireResult(await call.broker.ingestSources.put(request));
  const body = sourceAnswer(source);
  return isNew ? answer(call, body, 201, { location: body.path }) : answer(call, body);
}

function schemeOf({ secrets: _secrets, ...scheme }: NonNullable<z.output<typeof contract.putSourceBody>["signature"]>): Scheme {
  return scheme;
}

export async function rotateSourceSecret(call: SourceCall): Promise<Response> {
  const { topic, source: name } = call.params;
  const { secret, overlapMs } = await validBody(call.request, contract.rotateSourceSecretBody, NO_FIELD_ERRORS);
  return answer(call, sourceAnswer(requireResult(await call.broker.ingestSources.rotateSecret({ topic, name, secret, overlapMs }))));
}

export async function deleteSource(call: SourceCall): Promise<Response> {
  const refused = await call.broker.ingestSources.remove(call.params.topic, call.params.source);
  if (refused !== null) throw new ProblemError(refused);
  return noContent();
}

function sourceAnswer({ topic, name, config: { scheme, ...config }, secretsValidUntilMs, createdAtMs }: SourceView): Source {
  const secrets = secretsValidUntilMs.map((validUntil) => ({ validUntil }));
  return {
    ...{ topic, name, path: `/v1/topics/${topic}/ingest/${name}` },
    signature: scheme === null ? null : { ...scheme, secrets },
    ...{ ...config, dropHeaders: [...config.dropHeaders], query: config.query && { ...config.query, drop: [...config.query.drop] } },
    createdAt: createdAtMs,
  };
}
