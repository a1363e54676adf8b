// Every message that there is a table for, for the tests that hold for all of them.

import { APIS } from "../../../src/protocol/api-keys.ts";
import type { Message } from "../../../src/protocol/message.ts";
import { consumerProtocolAssignment, consumerProtocolSubscription } from "../../../src/protocol/messages/consumer-protocol.ts";
import { controlRecordKey, endTxnMarker } from "../../../src/protocol/messages/control-records.ts";
import { requestHeader, responseHeader } from "../../../src/protocol/messages/headers.ts";

/** Those that Kafka's descriptions have too. */
export const DESCRIBED_MESSAGES: readonly Message[] = [
  ...APIS.flatMap(({ request, response }) => [request, response]),
  requestHeader as Message,
  responseHeader as Message,
  consumerProtocolSubscription as Message,
  consumerProtocolAssignment as Message,
];

export const MESSAGES: readonly Message[] = [...DESCRIBED_MESSAGES, controlRecordKey as Message, endTxnMarker as Message];

/** As rows for `test.for`. */
export const MESSAGE_ROWS = MESSAGES.map((message) => [message.name, message] as const);

export function versionsOf({ versions }: Message): number[] {
  return Array.from({ length: versions.last - versions.first + 1 }, (_, index) => versions.first + index);
}
