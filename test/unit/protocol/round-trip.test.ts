// What every table must do in every version: read back what it wrote, and survive whatever else it is given.

import { describe, expect, test } from "vitest";
import { type Field, type Fields, string } from "../../../src/protocol/fields.ts";
import { Message } from "../../../src/protocol/message.ts";
import { ProtocolError } from "../../../src/protocol/protocol-error.ts";
import { generateMessage } from "../../support/generated-messages.ts";
import { seededRandom } from "../../support/random.ts";
import { MESSAGE_ROWS, versionsOf } from "./messages.ts";

const VALUES_PER_VERSION = 20;
const MUTATIONS_PER_VERSION = 60;

describe("reads back what it wrote, with every field in the table's order", () => {
  test.for(MESSAGE_ROWS)("%s", ([name, message]) => {
    const random = seededRandom(seedOf(name));
    for (const version of versionsOf(message)) {
      for (let i = 0; i < VALUES_PER_VERSION; i++) {
        const value = generateMessage(message, version, random);
        const decoded = message.decode(message.encode(version, value), version);
        expect(decoded, `version ${version}`).toEqual(value);
        expect(keyOrder(decoded)).toEqual(keyOrder(value));
      }
    }
  });
});

describe("refuses a message that ends too early or too late, whatever the byte", () => {
  test.for(MESSAGE_ROWS)("%s", ([name, message]) => {
    const random = seededRandom(seedOf(name));
    for (const version of versionsOf(message)) {
      const bytes = message.encode(version, generateMessage(message, version, random));
      const longer = new Uint8Array([...bytes, 0]);
      expect(() => message.decode(longer, version)).toThrow(ProtocolError);
      for (let end = 0; end < bytes.length; end += bytes.length > 600 && end > 300 ? 97 : 1) {
        expect(outcome(message, bytes.subarray(0, end), version), `version ${version}, ${end} of ${bytes.length} bytes`).toBe("refused");
      }
    }
  });
});

describe("ignores tagged fields that it does not know", () => {
  test.for(MESSAGE_ROWS.filter(([, message]) => message.flexible.last > 0))("%s", ([name, message]) => {
    const newer = new Message(
      { name, versions: `${message.versions.first}-${message.versions.last}`, flexible: `${message.flexible.first}+` },
      withUnknownTags(message.fields),
    );
    const random = seededRandom(seedOf(name));
    for (const version of versionsOf(message).filter((version) => message.isFlexible(version))) {
      const value = generateMessage(newer, version, random);
      const bytes = newer.encode(version, value);
      const decoded = message.decode(bytes, version);
      expect(decoded).toEqual(withoutUnknownTags(value));
      expect(newer.decode(bytes, version), "they were there").toEqual(value);
    }
  });
});

describe("throws nothing but ProtocolError at damaged bytes", () => {
  test.for(MESSAGE_ROWS)("%s", ([name, message]) => {
    const random = seededRandom(seedOf(name));
    for (const version of versionsOf(message)) {
      const bytes = message.encode(version, generateMessage(message, version, random));
      for (let i = 0; i < MUTATIONS_PER_VERSION; i++) {
        const damaged = damage(bytes, random);
        expect(["read", "refused"]).toContain(outcome(message, damaged, version));
      }
    }
  });
});

/** What decoding comes to; other errors than ProtocolError pass. */
function outcome(message: Message, bytes: Uint8Array, version: number): "read" | "refused" {
  try {
    message.decode(bytes, version);
    return "read";
  } catch (error) {
    if (error instanceof ProtocolError && error.message.startsWith(message.name)) return "refused";
    throw error;
  }
}

/** A few bytes set to others, often to what makes lengths large or negative. */
function damage(bytes: Uint8Array, random: () => number): Uint8Array {
  const damaged = bytes.slice();
  for (let changes = 1 + Math.floor(random() * 4); changes > 0 && damaged.length > 0; changes--) {
    const value = [0xff, 0x7f, 0x80, 0x00, Math.floor(random() * 256)][Math.floor(random() * 5)]!;
    damaged[Math.floor(random() * damaged.length)] = value;
  }
  return damaged;
}

const UNKNOWN = "fromTheFuture";

function withUnknownTags(fields: Fields): Fields {
  const inner = Object.entries(fields).map(([name, field]): [string, Field] => [name, extended(field)]);
  return { ...Object.fromEntries(inner), [UNKNOWN]: string({ tag: 1000 }) };
}

function extended(field: Field): Field {
  const { literal: _, ...rest } = field;
  const fields = field.fields === null ? null : withUnknownTags(field.fields);
  const element = field.element === null ? null : extended(field.element);
  return { ...rest, fields, element };
}

function withoutUnknownTags(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUnknownTags);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  const known = Object.entries(value).filter(([name]) => name !== UNKNOWN);
  return Object.fromEntries(known.map(([name, member]) => [name, withoutUnknownTags(member)]));
}

/** The names of all fields, in their order. */
function keyOrder(value: unknown): string {
  return JSON.stringify(value, (_, member) => (ArrayBuffer.isView(member) || typeof member === "bigint" ? "" : member))
    .match(/"[A-Za-z0-9]+":/g)!
    .join();
}

/** Each message has a sequence of its own, so that one that fails can be run alone. */
function seedOf(name: string): number {
  return [...name].reduce((seed, letter) => (Math.imul(seed, 31) + letter.charCodeAt(0)) | 0, 7);
}
