// The one record of a control batch (KIP-98): a transaction's end in a partition's log. Key and value each stand after an i16 version
// (versioned.ts); a reader takes what it knows of newer ones.
//
//   key     i16 version, i16 type       type: one of CONTROL_TYPE; others are skipped by clients
//   value   i16 version, EndTxnMarker   coordinatorEpoch: of the transaction coordinator that decided

import { int16, int32 } from "../fields.ts";
import { message } from "../message.ts";

/** org.apache.kafka.common.record.ControlRecordType, those of transactions. Stored; never renumber. */
export const CONTROL_TYPE = { abort: 0, commit: 1 } as const;

export const controlRecordKey = message("ControlRecordKey", "0", "none", {
  type: int16(),
});

export const endTxnMarker = message("EndTxnMarker", "0", "none", {
  coordinatorEpoch: int32(),
});
