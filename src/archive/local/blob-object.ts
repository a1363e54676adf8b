// The data of one stored object, or of one upload: a Durable Object, and so an SQLite file, of its own, which erasing gives back.
//
//   chunks   id    INTEGER PRIMARY KEY   piece * 2^20 + place of the chunk in its piece
//            data  BLOB                  CHUNK_BYTES; the last of a piece may be shorter
//
// A piece is the data of a put, or of one part: what its writer stores in order. Pieces are numbered from 1 as they begin.

import { DurableObject } from "cloudflare:workers";
import type { LocalEnv } from "./env.ts";

/** A read of few bytes reads its chunks whole from the disk. */
export const CHUNK_BYTES = 128 * 1024;

/** 128 GiB a piece. */
const MAX_CHUNKS_PER_PIECE = 2 ** 20;

export class ArchiveBlob extends DurableObject<LocalEnv> {
  /** Stores bytes at a multiple of CHUNK_BYTES in a piece; null begins a piece. Durable when it resolves to the piece's number. */
  write(piece: number | null, position: number, bytes: ArrayBuffer): number {
    const { sql } = this.ctx.storage;
    if (piece === null) sql.exec("CREATE TABLE IF NOT EXISTS chunks (id INTEGER PRIMARY KEY, data BLOB NOT NULL)");
    const number = piece ?? this.#nextPiece();
    for (let at = 0; at < bytes.byteLength; at += CHUNK_BYTES) {
      const id = number * MAX_CHUNKS_PER_PIECE + (position + at) / CHUNK_BYTES;
      sql.exec("INSERT OR REPLACE INTO chunks VALUES (?, ?)", id, bytes.slice(at, at + CHUNK_BYTES));
    }
    return number;
  }

  #nextPiece(): number {
    const { last } = this.ctx.storage.sql.exec<{ last: number | null }>("SELECT max(id) AS last FROM chunks").one();
    return Math.floor((last ?? 0) / MAX_CHUNKS_PER_PIECE) + 1;
  }

  /** `length` bytes of a piece. Throws if they are not all there. */
  read(piece: number, position: number, length: number): ArrayBuffer {
    const first = Math.floor(position / CHUNK_BYTES);
    const last = Math.floor((position + length - 1) / CHUNK_BYTES);
    const base = piece * MAX_CHUNKS_PER_PIECE;
    const query = "SELECT data FROM chunks WHERE id BETWEEN ? AND ? ORDER BY id";
    const bytes = new Uint8Array(length);
    let filled = 0;
    for (const { data } of this.ctx.storage.sql.exec<{ data: ArrayBuffer }>(query, base + first, base + last)) {
      const start = filled === 0 ? position - first * CHUNK_BYTES : 0;
      const part = new Uint8Array(data).subarray(start, start + length - filled);
      bytes.set(part, filled);
      filled += part.length;
    }
    if (filled !== length) throw new Error(`piece ${piece} has ${filled} of the ${length} bytes at ${position}`);
    return bytes.buffer;
  }

  /** Does nothing to a blob that was erased. */
  drop(piece: number): void {
    if (this.ctx.storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'chunks'").toArray().length === 0) return;
    const base = piece * MAX_CHUNKS_PER_PIECE;
    this.ctx.storage.sql.exec("DELETE FROM chunks WHERE id >= ? AND id < ?", base, base + MAX_CHUNKS_PER_PIECE);
  }

  /** Drops every other piece. */
  keepOnly(pieces: readonly number[]): void {
    const kept = new Set(pieces);
    for (let piece = this.#nextPiece() - 1; piece > 0; piece--) if (!kept.has(piece)) this.drop(piece);
  }

  async erase(): Promise<void> {
    await this.ctx.storage.deleteAll();
  }
}
