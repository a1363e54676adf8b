// WriteTxnMarkers (key 27), versions 0-1: ends transactions in partitions, whoever coordinates them. Our coordinators do not come this way;
// `kafka-transactions.sh abort` does, for a transaction that hangs (KIP-664). 1: flexible.
//
// It decides over other clients' records: Kafka asks for ClusterAction on the cluster.

import type { Broker } from "../../../broker/broker.ts";
import type { TxnMarker } from "../../../broker/ports.ts";
import { mapConcurrently } from "../../../common/concurrency.ts";
import { errorCode, isFailure } from "../../../common/errors.ts";
import { MAX_CONCURRENT_CALLS } from "../../../common/limits/platform.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";

export const writeTxnMarkers = serve(API.writeTxnMarkers, { min: 0, max: 1 }, async ({ request, broker }) => {
  const markers = [];
  for (const { producerId, producerEpoch, transactionResult, coordinatorEpoch, topics } of request.markers) {
    const marker: TxnMarker = { producerId, producerEpoch, coordinatorEpoch, isCommit: transactionResult };
    const answered = [];
    for (const { name, partitionIndexes } of topics) {
      const partitions = await mapConcurrently(partitionIndexes, MAX_CONCURRENT_CALLS, (index) => writeOne(broker, name, index, marker));
      answered.push({ name, partitions });
    }
    markers.push({ producerId, topics: answered });
  }
  return { markers };
});

async function writeOne(broker: Broker, topic: string, partitionIndex: number, marker: TxnMarker) {
  const results = await broker.writeTxnMarkers(topic, partitionIndex, [marker]);
  const refused = isFailure(results) ? results : (results[0] ?? null);
  return { partitionIndex, errorCode: refused === null ? 0 : errorCode(refused.error) };
}
