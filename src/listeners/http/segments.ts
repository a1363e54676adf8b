// /v1/topics/{topic}/partitions/{p}: truncate, segments, segments/verify.

import type { VerifiedSegment } from "../../broker/messages/segments.ts";
import type { SegmentDescription } from "../../broker/ports.ts";
import { hexCrc } from "../../common/bytes.ts";
import { isFailure } from "../../common/errors.ts";
import * as contract from "../../contract/segments.ts";
import type { z } from "../../contract/zod.ts";
import { segmentName } from "../../log/segment.ts";
import { answer } from "./answer.ts";
import type { Call } from "./call.ts";
import { defined } from "./defined.ts";
import { logOffsets, readProblem, refusal, requireResult } from "./problem.ts";
import { validBody } from "./validate.ts";

type PartitionParams = z.output<(typeof contract.listSegments)["params"]>;

export async function truncatePartition(call: Call<PartitionParams>): Promise<Response> {
  const { topic, partition } = call.params;
  const { beforeOffset } = await validBody(call.request, contract.truncateBody);
  const offsets = await call.broker.truncate(topic, partition, beforeOffset);
  if (isFailure(offsets)) throw readProblem(offsets);
  return answer(call, logOffsets(offsets));
}

export async function listSegments(call: Call<PartitionParams, z.output<(typeof contract.listSegments)["query"]>>): Promise<Response> {
  const { segments, nextCursor, offsets } = requireResult(await call.broker.segments({ ...call.params, ...defined(call.query) }));
  return answer(call, { segments: segments.map(segmentAnswer), nextCursor, ...logOffsets(offsets) });
}

function segmentAnswer(segment: SegmentDescription): contract.SegmentAnswer {
  const { baseOffset, endOffset, sizeBytes, maxTimestamp, createdAtMs, sealedAtMs, place, crc32c, key } = segment;
  return {
    name: `${segmentName(baseOffset)}.log`,
    baseOffset,
    endOffset,
    sizeBytes,
    maxTimestamp,
    createdAt: createdAtMs,
    sealedAt: sealedAtMs < 0 ? null : sealedAtMs,
    place,
    crc32c: crc32c === null ? null : hexCrc(crc32c),
    key,
  };
}

export async function verifySegments(call: Call<PartitionParams>): Promise<Response> {
  const body = await validBody(call.request, contract.verifySegmentsBody);
  const result = await call.broker.verify({ ...call.params, ...defined(body) });
  if (isFailure(result)) throw readProblem(result);
  const { ok, segments, checkedBytes, nextCursor } = result;
  return answer(call, { ok, segments: segments.map(verifiedAnswer), checkedBytes, nextCursor });
}

function verifiedAnswer({ failure, ...segment }: VerifiedSegment) {
  return { ...segment, ok: failure === undefined, ...refusal(failure) };
}
