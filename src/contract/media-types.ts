// The media types of the HTTP API.

export const JSON_TYPE = "application/json";
export const MSGPACK_TYPE = "application/msgpack";
export const NDJSON_TYPE = "application/x-ndjson";
export const BATCHES_TYPE = "application/vnd.kafka.record-batches";
export const EVENT_STREAM_TYPE = "text/event-stream";
export const PROBLEM_TYPE = "application/problem+json";
export const HTML_TYPE = "text/html";

/** MessagePack has a registered name and two that were in use before it. */
export const MSGPACK_ALIASES: readonly string[] = [MSGPACK_TYPE, "application/vnd.msgpack", "application/x-msgpack"];
