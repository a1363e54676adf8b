// A group's members in SQLite: two documents in JSON, each cut into rows that the platform takes. A group of ordinary size is one row,
// and so a rebalance costs one row written. The table is made by the first write: a group that never has members stores none.
//
// Stored; fields may be added to the documents, never renamed or given another meaning, and one that is missing needs a default here.

import { decodeBase64, encodeBase64 } from "../common/base64.ts";
import { MAX_ROW_BYTES } from "../common/limits/platform.ts";
import type { GroupStore, StoredClassicGroup, StoredMember } from "./group-store.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS group_documents (
    document INTEGER NOT NULL,  -- 0: the classic group; 1: when its members' sessions end
    piece INTEGER NOT NULL,     -- from 0: the bytes of all pieces together are the document
    bytes BLOB NOT NULL,        -- UTF-8 of JSON
    PRIMARY KEY (document, piece)
  ) WITHOUT ROWID;
`;

const CLASSIC_GROUP = 0;
const SESSIONS = 1;

/** Bytes are base64 in JSON. */
interface MemberJson extends Omit<StoredMember, "protocols" | "assignment"> {
  readonly protocols: readonly { readonly name: string; readonly metadata: string }[];
  readonly assignment: string;
}

interface GroupJson extends Omit<StoredClassicGroup, "members"> {
  readonly members: readonly MemberJson[];
}

export class SqliteGroupStore implements GroupStore {
  readonly #storage: DurableObjectStorage;
  readonly #maxRowBytes: number;

  /** A test makes the rows small. */
  constructor(storage: DurableObjectStorage, maxRowBytes: number = MAX_ROW_BYTES) {
    this.#storage = storage;
    this.#maxRowBytes = maxRowBytes;
  }

  classicGroup(): StoredClassicGroup | null {
    const json = this.#read(CLASSIC_GROUP) as GroupJson | null;
    return json && { ...json, members: json.members.map(memberFromJson) };
  }

  putClassicGroup(group: StoredClassicGroup): void {
    this.#write(CLASSIC_GROUP, { ...group, members: group.members.map(memberToJson) } satisfies GroupJson);
  }

  sessions(): ReadonlyMap<string, number> | null {
    const json = this.#read(SESSIONS) as [string, number][] | null;
    return json && new Map(json);
  }

  putSessions(sessions: ReadonlyMap<string, number>): void {
    this.#write(SESSIONS, [...sessions]);
  }

  clearSessions(): void {
    if (this.#hasTable()) this.#storage.sql.exec("DELETE FROM group_documents WHERE document = ?", SESSIONS);
  }

  clear(): void {
    this.#storage.sql.exec("DROP TABLE IF EXISTS group_documents");
  }

  #hasTable(): boolean {
    return [...this.#storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'group_documents'")].length > 0;
  }

  #read(document: number): unknown {
    if (!this.#hasTable()) return null;
    const rows = this.#storage.sql.exec<{ bytes: ArrayBuffer }>(
      "SELECT bytes FROM group_documents WHERE document = ? ORDER BY piece",
      document,
    );
    const decoder = new TextDecoder();
    let text = "";
    for (const { bytes } of rows) text += decoder.decode(bytes, { stream: true });
    text += decoder.decode();
    return text === "" ? null : JSON.parse(text);
  }

  /** A row that is written again counts one, and pieces that are no longer needed are rare. */
  #write(document: number, value: unknown): void {
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    this.#storage.transactionSync(() => {
      const { sql } = this.#storage;
      sql.exec(SCHEMA);
      let piece = 0;
      for (let from = 0; from < bytes.length; from += this.#maxRowBytes) {
        const row = bytes.slice(from, from + this.#maxRowBytes);
        sql.exec("INSERT OR REPLACE INTO group_documents (document, piece, bytes) VALUES (?, ?, ?)", document, piece++, row);
      }
      sql.exec("DELETE FROM group_documents WHERE document = ? AND piece >= ?", document, piece);
    });
  }
}

function memberToJson(member: StoredMember): MemberJson {
  const protocols = member.protocols.map(({ name, metadata }) => ({ name, metadata: toBase64(metadata) }));
  return { ...member, protocols, assignment: toBase64(member.assignment) };
}

function memberFromJson(member: MemberJson): StoredMember {
  const protocols = member.protocols.map(({ name, metadata }) => ({ name, metadata: fromBase64(metadata) }));
  return { ...member, protocols, assignment: fromBase64(member.assignment) };
}

function toBase64(bytes: ArrayBuffer): string {
  return encodeBase64(new Uint8Array(bytes));
}

function fromBase64(text: string): ArrayBuffer {
  const bytes = decodeBase64(text);
  if (bytes === null) throw new Error("the stored group is not what was written");
  return bytes.slice().buffer;
}
