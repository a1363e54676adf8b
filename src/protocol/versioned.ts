// Messages that carry their version themselves, because they are stored or passed on: an i16 version, then the message. A reader that
// meets a newer version reads the newest one that it knows and ignores what follows (ConsumerProtocol, ControlRecordType).

import type { DecodedStruct, EncodableStruct, Fields } from "./fields.ts";
import type { Message } from "./message.ts";
import { ProtocolError, within } from "./protocol-error.ts";
import { Reader } from "./reader.ts";
import { joinSegments, Writer } from "./writer.ts";

/** @throws ProtocolError if the bytes are not this message, or older than its oldest version */
export function decodeVersioned<F extends Fields>(message: Message<F>, bytes: Uint8Array): DecodedStruct<F> {
  const reader = new Reader(bytes);
  return message.read(reader, Math.min(readVersion(reader, message), message.versions.last));
}

function readVersion(reader: Reader, message: Message): number {
  try {
    const version = reader.int16();
    if (version < message.versions.first) throw new ProtocolError(`there is no version ${version}`);
    return version;
  } catch (error) {
    throw within(error, message.name);
  }
}

/** @throws EncodingError if a value does not fit its field, or there is no such version */
export function encodeVersioned<F extends Fields>(message: Message<F>, version: number, value: EncodableStruct<F>): Uint8Array {
  const writer = new Writer();
  writer.int16(version);
  message.write(writer, version, value);
  return joinSegments(writer.finish());
}
