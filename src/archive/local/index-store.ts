// The tables of the local archive's index, and all SQL on them. Stored: columns may be added, never renamed or renumbered.
//
//   objects   key      TEXT PRIMARY KEY
//             blob     TEXT     the ArchiveBlob that holds its data
//             pieces   TEXT     JSON: [{piece, size}, ...] in the order of the data
//             size     INTEGER  bytes
//             uploaded INTEGER  ms since 1970
//             head     TEXT     JSON: the rest of its ObjectHead
//   blobs     blob     TEXT PRIMARY KEY     blobs that no object owns
//             state    INTEGER  0 an upload is under way, 1 to be erased
//             due      INTEGER  ms since 1970: when it is to be erased
//             key      TEXT     what is uploaded
//             fields   TEXT     JSON: ObjectFields of the upload
//   parts     blob     TEXT     of an upload that is under way
//             number   INTEGER  part number; PRIMARY KEY (blob, number)
//             piece    INTEGER
//             size     INTEGER  bytes
//             etag     TEXT     the part's MD5, hex
//
// Every blob is in exactly one of objects and blobs, from before its first byte is stored until it is erased; so nothing that a crash
// leaves behind is ever lost sight of, and an object appears, is replaced and disappears in one transaction.

import { conditionHolds } from "../conditions.ts";
import { ArchiveError } from "../errors.ts";
import type { Conditional, ObjectFields, ObjectHead, PublishedPart } from "../protocol.ts";

/** A run of bytes in a blob: its number there, and its size. */
export interface Piece {
  readonly piece: number;
  readonly size: number;
}

export interface StoredObject {
  readonly head: ObjectHead;
  readonly blob: string;
  readonly pieces: readonly Piece[];
}

export interface Upload extends ObjectFields {
  readonly blob: string;
  readonly key: string;
}

export interface StoredPart {
  readonly number: number;
  readonly piece: number;
  readonly size: number;
  readonly etag: string;
}

/** R2 takes parts from 5 MiB, all of one size but the last, which may be smaller. */
export const MIN_PART_BYTES = 5 * 1024 * 1024;

/** Objects that a listing reads at a time: a thousand are a page of R2's. */
const PAGE_OBJECTS = 200;

const UPLOADING = 0;
const GARBAGE = 1;

const SCHEMA = `
CREATE TABLE IF NOT EXISTS objects (key TEXT PRIMARY KEY, blob TEXT NOT NULL, pieces TEXT NOT NULL, size INTEGER NOT NULL,
  uploaded INTEGER NOT NULL, head TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS blobs (blob TEXT PRIMARY KEY, state INTEGER NOT NULL, due INTEGER NOT NULL, key TEXT NOT NULL,
  fields TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parts (blob TEXT, number INTEGER, piece INTEGER NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
  PRIMARY KEY (blob, number)) WITHOUT ROWID;
`;

type ObjectRow = { key: string; blob: string; pieces: string; size: number; uploaded: number; head: string };

/** What it needs of a SqlStorage. */
export interface IndexSql {
  exec<Row extends Record<string, string | number | null>>(
    query: string,
    ...values: (string | number)[]
  ): { toArray(): Row[]; next(): { value?: Row | undefined }; one(): Row };
}

export class IndexStore {
  readonly #sql: IndexSql;

  constructor(sql: IndexSql) {
    this.#sql = sql;
    sql.exec(SCHEMA);
  }

  object(key: string): StoredObject | null {
    const row = this.#sql.exec<ObjectRow>("SELECT * FROM objects WHERE key = ?", key).next().value;
    return row === undefined ? null : readObject(row);
  }

  /**
   * Objects whose key is at least `start`, in the order of the keys' UTF-8. Read in pages, each to its end: a cursor that is left open keeps
   * SQLite from emptying its write-ahead log until it is collected.
   */
  *objectsFrom(start: string): Generator<ObjectHead> {
    const query = "SELECT * FROM objects WHERE key >= ? ORDER BY key LIMIT ?";
    for (let from = start; ; ) {
      const rows = this.#sql.exec<ObjectRow>(query, from, PAGE_OBJECTS).toArray();
      for (const row of rows) yield readObject(row).head;
      if (rows.length < PAGE_OBJECTS) return;
      from = `${rows.at(-1)!.key}\0`;
    }
  }

  addUpload({ blob, key, httpFields, customFields }: Upload, due: number): void {
    const fields = JSON.stringify({ httpFields, customFields } satisfies ObjectFields);
    this.#sql.exec("INSERT INTO blobs VALUES (?, ?, ?, ?, ?)", blob, UPLOADING, due, key, fields);
  }

  /** Throws NoSuchUpload unless it is under way. */
  upload(blob: string, key: string): ObjectFields {
    const query = "SELECT fields FROM blobs WHERE blob = ? AND key = ? AND state = ?";
    const row = this.#sql.exec<{ fields: string }>(query, blob, key, UPLOADING).next().value;
    if (row === undefined) throw new ArchiveError("NoSuchUpload");
    return JSON.parse(row.fields) as ObjectFields;
  }

  /** Returns the piece that a part of this number had before. */
  putPart(blob: string, part: StoredPart): number | null {
    const before = this.parts(blob).find(({ number }) => number === part.number);
    this.#sql.exec("INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?)", blob, part.number, part.piece, part.size, part.etag);
    return before?.piece ?? null;
  }

  parts(blob: string): StoredPart[] {
    const query = "SELECT number, piece, size, etag FROM parts WHERE blob = ? ORDER BY number";
    return this.#sql.exec<{ number: number; piece: number; size: number; etag: string }>(query, blob).toArray();
  }

  /** Makes a finished upload an object, in place of what was there. Throws PreconditionFailed, and changes nothing, if it may not. */
  commit(object: StoredObject, onlyIf: Conditional | null, garbageDue: number): void {
    const { blob, pieces } = object;
    const { name, size, uploaded, ...head } = object.head;
    const before = this.object(name);
    if (!conditionHolds(onlyIf, before?.head ?? null)) throw new ArchiveError("PreconditionFailed");
    if (before !== null) this.#addGarbage(before.blob, name, garbageDue);
    const values = [name, blob, JSON.stringify(pieces), size, uploaded, JSON.stringify(head)];
    this.#sql.exec("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?)", ...values);
    this.#sql.exec("DELETE FROM parts WHERE blob = ?", blob);
    this.#sql.exec("DELETE FROM blobs WHERE blob = ?", blob);
  }

  /** Its blob is to be erased from now on. */
  endUpload(blob: string, key: string, garbageDue: number): void {
    this.#sql.exec(
      "UPDATE blobs SET state = ?, due = ? WHERE blob = ? AND key = ? AND state = ?",
      GARBAGE,
      garbageDue,
      blob,
      key,
      UPLOADING,
    );
  }

  deleteObject(key: string, garbageDue: number): void {
    const object = this.object(key);
    if (object === null) return;
    this.#addGarbage(object.blob, key, garbageDue);
    this.#sql.exec("DELETE FROM objects WHERE key = ?", key);
  }

  #addGarbage(blob: string, key: string, due: number): void {
    this.#sql.exec("INSERT INTO blobs VALUES (?, ?, ?, ?, '{}')", blob, GARBAGE, due, key);
  }

  /** Blobs to be erased by now. An upload among them has been given up: from here on it cannot be finished. */
  takeDue(now: number, limit: number): string[] {
    const query = "SELECT blob FROM blobs WHERE due <= ? ORDER BY due LIMIT ?";
    const blobs = this.#sql.exec<{ blob: string }>(query, now, limit).toArray();
    for (const { blob } of blobs) this.#sql.exec("UPDATE blobs SET state = ? WHERE blob = ?", GARBAGE, blob);
    return blobs.map(({ blob }) => blob);
  }

  postpone(blob: string, due: number): void {
    this.#sql.exec("UPDATE blobs SET due = ? WHERE blob = ?", due, blob);
  }

  forget(blob: string): void {
    this.#sql.exec("DELETE FROM parts WHERE blob = ?", blob);
    this.#sql.exec("DELETE FROM blobs WHERE blob = ?", blob);
  }

  /** When the next blob is to be erased. */
  nextDue(): number | null {
    return this.#sql.exec<{ due: number | null }>("SELECT min(due) AS due FROM blobs").one().due;
  }
}

function readObject({ key, blob, pieces, size, uploaded, head }: ObjectRow): StoredObject {
  const rest = JSON.parse(head) as Omit<ObjectHead, "name" | "size" | "uploaded">;
  return { head: { ...rest, name: key, size, uploaded }, blob, pieces: JSON.parse(pieces) as Piece[] };
}

/** The parts that a complete names, in the order of their numbers. Throws what R2 throws for parts that are missing or of wrong sizes. */
export function selectParts(stored: readonly StoredPart[], published: readonly PublishedPart[]): StoredPart[] {
  const chosen = new Map<number, StoredPart>();
  for (const { part, etag } of published) {
    const match = stored.find(({ number }) => number === part);
    if (match?.etag !== etag || chosen.has(part)) throw new ArchiveError("InvalidPart");
    chosen.set(part, match);
  }
  const parts = [...chosen.values()].sort((a, b) => a.number - b.number);
  const last = parts.at(-1);
  const full = parts[0];
  if (last === undefined || full === undefined) throw new ArchiveError("InvalidPart");
  for (const part of parts.slice(0, -1)) {
    if (part.size < MIN_PART_BYTES) throw new ArchiveError("EntityTooSmall");
    if (part.size !== full.size) throw new ArchiveError("BadUpload", "All parts but the last must have the same size.");
  }
  if (last.size > full.size) throw new ArchiveError("BadUpload", "The last part must not be larger than the others.");
  return parts;
}
