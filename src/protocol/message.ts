// A message of the protocol: a table of fields (fields.ts) with the versions it has, and the plans that read and write it. A plan is
// compiled from the table when a version is first used, one for each direction; from then on no range or option is looked at again.

import { compileReader } from "./decode-plan.ts";
import { compileWriter } from "./encode-plan.ts";
import type { DecodedStruct, EncodableStruct, Fields } from "./fields.ts";
import { EncodingError, ProtocolError, within } from "./protocol-error.ts";
import { Reader } from "./reader.ts";
import { hasVersion, parseVersions, type VersionRange } from "./versions.ts";
import { joinSegments, Writer } from "./writer.ts";

export interface MessageOptions {
  /** Kafka's name for it. */
  readonly name: string;
  /** The versions that the table knows, e.g. "0-11"; which of them are served is the dispatcher's choice. */
  readonly versions: string;
  /** From which version on lengths are compact and structs end with tagged fields (KIP-482), e.g. "9+". */
  readonly flexible: string;
}

/** A decoded message: `DecodedOf<typeof produceRequest>`. */
export type DecodedOf<M> = M extends Message<infer F> ? DecodedStruct<F> : never;

/** What a message is encoded from: `EncodableOf<typeof produceResponse>`. */
export type EncodableOf<M> = M extends Message<infer F> ? EncodableStruct<F> : never;

export class Message<F extends Fields = Fields> {
  readonly name: string;
  readonly versions: VersionRange;
  readonly flexible: VersionRange;
  readonly fields: F;
  readonly #readers: ((reader: Reader) => unknown)[] = [];
  readonly #writers: ((writer: Writer, value: unknown) => void)[] = [];

  constructor(options: MessageOptions, fields: F) {
    this.name = options.name;
    this.versions = parseVersions(options.versions);
    this.flexible = parseVersions(options.flexible);
    this.fields = fields;
  }

  isFlexible(version: number): boolean {
    return hasVersion(this.flexible, version);
  }

  /**
   * Reads the message from where `reader` stands, and leaves it after the message. Bytes are views of the input.
   * @throws ProtocolError if the bytes are not this message in this version, or there is no such version
   */
  read(reader: Reader, version: number): DecodedStruct<F> {
    const read = this.#readers[version] ?? this.#compileReader(version);
    try {
      return read(reader) as DecodedStruct<F>;
    } catch (error) {
      throw within(error, this.name);
    }
  }

  /**
   * Writes the message. Large bytes are referenced, not copied: they may not change before the segments are sent.
   * @throws EncodingError if a value does not fit its field, or there is no such version
   */
  write(writer: Writer, version: number, value: EncodableStruct<F>): void {
    const write = this.#writers[version] ?? this.#compileWriter(version);
    try {
      write(writer, value);
    } catch (error) {
      throw within(error, this.name);
    }
  }

  /** Reads a message that fills `bytes`. @throws ProtocolError as `read`, or if something stands after it */
  decode(bytes: Uint8Array, version: number): DecodedStruct<F> {
    const reader = new Reader(bytes);
    const value = this.read(reader, version);
    if (reader.remaining > 0) throw within(new ProtocolError(`${reader.remaining} bytes stand after the message`), this.name);
    return value;
  }

  /** Writes the message on its own, as one array. @throws EncodingError as `write` */
  encode(version: number, value: EncodableStruct<F>): Uint8Array {
    const writer = new Writer();
    this.write(writer, version, value);
    return joinSegments(writer.finish());
  }

  #compileReader(version: number): (reader: Reader) => unknown {
    if (!hasVersion(this.versions, version)) throw within(new ProtocolError(`there is no version ${version}`), this.name);
    const read = compileReader(this.fields, version, this.isFlexible(version));
    this.#readers[version] = read;
    return read;
  }

  #compileWriter(version: number): (writer: Writer, value: unknown) => void {
    if (!hasVersion(this.versions, version)) throw within(new EncodingError(`there is no version ${version}`), this.name);
    const write = compileWriter(this.fields, version, this.isFlexible(version));
    this.#writers[version] = write;
    return write;
  }
}

/** A message's table: `message("ProduceRequest", "0-11", "9+", { … })`. */
export function message<F extends Fields>(name: string, versions: string, flexible: string, fields: F): Message<F> {
  return new Message({ name, versions, flexible }, fields);
}
