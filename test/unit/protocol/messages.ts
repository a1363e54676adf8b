// Every message that there is a table for, for the tests that hold for all of them.

import { APIS, type Api } from "../../../src/protocol/api-keys.ts";
import type { Message } from "../../../src/protocol/message.ts";
import { consumerProtocolAssignment, consumerProtocolSubscription } from "../../../src/protocol/messages/consumer-protocol.ts";
import { controlRecordKey, endTxnMarker } from "../../../src/protocol/messages/control-records.ts";
import { requestHeader, responseHeader } from "../../../src/protocol/messages/headers.ts";
import { NEWER_APIS } from "./kafka-descriptions.ts";

export const DESCRIBED_APIS: readonly Api[] = APIS.filter(({ key }) => !NEWER_APIS.includes(key));

/** Those that Kafka's descriptions have too. */
export const DESCRIBED_MESSAGES: readonly Message[] = [
  ...messagesOf(DESCRIBED_APIS),
  requestHeader as Message,
  responseHeader as Message,
  consumerProtocolSubscription as Message,
  consumerProtocolAssignment as Message,
];

export const MESSAGES: readonly Message[] = [
  ...DESCRIBED_MESSAGES,
  ...messagesOf(APIS.filter((api) => !DESCRIBED_APIS.includes(api))),
  controlRecordKey as Message,
  endTxnMarker as Message,
];

/** As rows for `test.for`. */
export const MESSAGE_ROWS = MESSAGES.map((message) => [message.name, message] as const);

function messagesOf(apis: readonly Api[]): readonly Message[] {
  return apis.flatMap(({ request, response }) => [request, response]);
}

export function versionsOf({ versions }: Message): number[] {
  return Array.from({ length: versions.last - versions.first + 1 }, (_, index) => versions.first + index);
}
