// A consumer group in SQLite: documents in JSON, each cut into rows that the platform takes: one of the group, one of its topics, and one of
// each member. A heartbeat that leads a member on writes that member's row and no other. The table is made by the first write.
//
// Stored; fields may be added to the documents, never renamed or given another meaning, and one that is missing needs a default here.

import { decodeBase64, encodeBase64 } from "../common/base64.ts";
import { MAX_ROW_BYTES } from "../common/limits/platform.ts";
import type { ConsumerStore, ConsumerWrite, StoredConsumer, StoredConsumerGroup, StoredTopics } from "./consumer-store.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS consumer_documents (
    document TEXT NOT NULL,     -- 'group', 'topics', or 'member ' and the member's id
    piece INTEGER NOT NULL,     -- from 0: the bytes of all pieces together are the document
    joined INTEGER NOT NULL,    -- of a member: its place in the order in which they came
    bytes BLOB NOT NULL,        -- UTF-8 of JSON
    PRIMARY KEY (document, piece)
  ) WITHOUT ROWID;
`;

const GROUP = "group";
const TOPICS = "topics";
const MEMBER = "member ";

/** Bytes are base64 in JSON. */
interface MemberJson extends Omit<StoredConsumer, "protocols"> {
  readonly protocols: readonly { readonly name: string; readonly metadata: string }[] | null;
}

type DocumentRow = { readonly document: string; readonly joined: number; readonly bytes: ArrayBuffer };

export class SqliteConsumerStore implements ConsumerStore {
  readonly #storage: DurableObjectStorage;
  readonly #maxRowBytes: number;
  /** Member id to its place. */
  readonly #places = new Map<string, number>();
  #lastPlace = 0;

  /** A test makes the rows small. */
  constructor(storage: DurableObjectStorage, maxRowBytes: number = MAX_ROW_BYTES) {
    this.#storage = storage;
    this.#maxRowBytes = maxRowBytes;
  }

  load() {
    const documents = this.#readAll();
    const group = documents.get(GROUP)?.value as StoredConsumerGroup | undefined;
    if (group === undefined) return null;
    const topics = documents.get(TOPICS)!.value as StoredTopics;
    const stored = [...documents].filter(([document]) => document.startsWith(MEMBER)).map(([, { joined, value }]) => ({ joined, value }));
    stored.sort((one, other) => one.joined - other.joined);
    const members = stored.map(({ value }) => memberFromJson(value as MemberJson));
    for (const [index, { memberId }] of members.entries()) this.#places.set(memberId, stored[index]!.joined);
    this.#lastPlace = stored.at(-1)?.joined ?? 0;
    return { group, topics, members };
  }

  write({ group, topics, members, removed }: ConsumerWrite): void {
    this.#storage.transactionSync(() => {
      this.#storage.sql.exec(SCHEMA);
      if (group !== undefined) this.#writeDocument(GROUP, 0, group);
      if (topics !== undefined) this.#writeDocument(TOPICS, 0, topics);
      for (const memberId of removed) {
        this.#storage.sql.exec("DELETE FROM consumer_documents WHERE document = ?", MEMBER + memberId);
        this.#places.delete(memberId);
      }
      for (const member of members) this.#writeDocument(MEMBER + member.memberId, this.#placeOf(member.memberId), memberToJson(member));
    });
  }

  clear(): void {
    this.#storage.sql.exec("DROP TABLE IF EXISTS consumer_documents");
    this.#places.clear();
  }

  #placeOf(memberId: string): number {
    const known = this.#places.get(memberId);
    if (known !== undefined) return known;
    this.#lastPlace += 1;
    this.#places.set(memberId, this.#lastPlace);
    return this.#lastPlace;
  }

  #readAll(): Map<string, { readonly joined: number; readonly value: unknown }> {
    const { sql } = this.#storage;
    const [table] = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'consumer_documents'");
    if (table === undefined) return new Map();
    const pieces = new Map<string, { readonly joined: number; readonly bytes: ArrayBuffer[] }>();
    for (const row of sql.exec<DocumentRow>("SELECT document, joined, bytes FROM consumer_documents ORDER BY document, piece")) {
      const known = pieces.get(row.document);
      if (known === undefined) pieces.set(row.document, { joined: row.joined, bytes: [row.bytes] });
      else known.bytes.push(row.bytes);
    }
    return new Map([...pieces].map(([document, { joined, bytes }]) => [document, { joined, value: parseJson(bytes) }]));
  }

  #writeDocument(document: string, joined: number, value: unknown): void {
    const { sql } = this.#storage;
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    let piece = 0;
    for (let from = 0; from < bytes.length; from += this.#maxRowBytes) {
      const row = bytes.slice(from, from + this.#maxRowBytes);
      sql.exec(
        "INSERT OR REPLACE INTO consumer_documents (document, piece, joined, bytes) VALUES (?, ?, ?, ?)",
        document,
        piece++,
        joined,
        row,
      );
    }
    sql.exec("DELETE FROM consumer_documents WHERE document = ? AND piece >= ?", document, piece);
  }
}

function parseJson(pieces: readonly ArrayBuffer[]): unknown {
  const decoder = new TextDecoder();
  const text = pieces.map((bytes) => decoder.decode(bytes, { stream: true })).join("") + decoder.decode();
  return JSON.parse(text);
}

function memberToJson(member: StoredConsumer): MemberJson {
  const protocols = member.protocols?.map(({ name, metadata }) => ({ name, metadata: encodeBase64(new Uint8Array(metadata)) })) ?? null;
  return { ...member, protocols };
}

function memberFromJson(member: MemberJson): StoredConsumer {
  const protocols = member.protocols?.map(({ name, metadata }) => ({ name, metadata: fromBase64(metadata) })) ?? null;
  return { ...member, protocols };
}

function fromBase64(text: string): ArrayBuffer {
  const bytes = decodeBase64(text);
  if (bytes === null) throw new Error("the stored group is not what was written");
  return bytes.slice().buffer;
}
