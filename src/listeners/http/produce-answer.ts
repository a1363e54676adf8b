// From what the broker made of a produce to the answer: results per partition, offsets in the order of the request's records, and the
// records that were refused, whether here or by the broker.

import type { ProducePartitionResult, ProduceResult } from "../../broker/messages/produce.ts";
import { errorCode, type Failure } from "../../common/errors.ts";
import type { PartitionResult, RecordError } from "../../contract/produce.ts";
import { ProblemError, refusal } from "./problem.ts";
import type { ReadRecords, RefusedRecord } from "./record-input.ts";

export const NOTHING_PRODUCED: ProduceResult = { results: [], offsets: [], refused: [] };

export function partitionResults(result: ProduceResult): PartitionResult[] {
  return result.results.map(({ partition, baseOffset, count, logAppendTimeMs, failure }) => ({
    partition,
    baseOffset,
    count,
    ...(logAppendTimeMs < 0 ? {} : { logAppendTime: logAppendTimeMs }),
    ...refusal(failure),
  }));
}

/** Every refused record, by its index in the request. */
export function recordErrors(read: ReadRecords, result: ProduceResult): RecordError[] {
  const byBroker = result.refused.map(({ index, failure }) => recordError(read.indices[index]!, failure));
  const errors = [...read.refused.map(({ index, failure }) => recordError(index, failure)), ...byBroker];
  return errors.sort((a, b) => a.index - b.index);
}

function recordError(index: number, { error, detail }: Failure): RecordError {
  return { index, code: error, errorCode: errorCode(error), detail };
}

/** [partition, offset] of each record of the request. */
export function recordOffsets(read: ReadRecords, result: ProduceResult): [partition: number, offset: number][] {
  const offsets: [number, number][] = new Array(read.records.length + read.refused.length);
  for (const { index, partition } of read.refused) offsets[index] = [partition, -1];
  for (let i = 0; i < read.indices.length; i++) {
    const { partition, offset } = result.offsets[i]!;
    offsets[read.indices[i]!] = [partition, offset];
  }
  return offsets;
}

/** Why nothing at all was appended; undefined where something was. */
export function totalFailure(read: ReadRecords, result: ProduceResult): Failure | undefined {
  if (result.results.some(isAppended)) return undefined;
  return read.refused[0]?.failure ?? result.refused[0]?.failure ?? result.results.find((one) => one.failure !== undefined)?.failure;
}

function isAppended(result: ProducePartitionResult): boolean {
  return result.failure === undefined && result.count > 0;
}

/** The problem of a produce that wrote nothing: it tells of each record and partition too. */
export function producedNothing(failure: Failure, read: ReadRecords, result: ProduceResult): ProblemError {
  return new ProblemError(failure, { extensions: { results: partitionResults(result), errors: recordErrors(read, result) } });
}

export function refusedRecords(refused: readonly RefusedRecord[]): RecordError[] {
  return refused.map(({ index, failure }) => recordError(index, failure));
}
