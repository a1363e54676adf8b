// What lies in the data folder of a broker that was killed or stopped: its objects' SQLite files, and the keys of its local archive.

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Where a way of running the broker puts its data, from the folder that it was given. */
export interface DataLayout {
  readonly objects: string;
  readonly archive: string;
  /** Of the archive's database, with a column `key`. */
  readonly keysTable: string;
}

/** `npm start` with a local archive (src/archive/local/index-store.ts). */
export const NPM_START_LAYOUT: DataLayout = { objects: "objects", archive: "archive", keysTable: "objects" };

/** `wrangler dev`, as the pinned version does it. */
export const WRANGLER_LAYOUT: DataLayout = { objects: "v3/do", archive: "v3/r2", keysTable: "_mf_objects" };

/** The keys of all objects in the archive. */
export function archivedKeys(dataDir: string, { archive, keysTable }: DataLayout): string[] {
  return databasesIn(join(dataDir, archive)).flatMap((path) =>
    query(path, keysTable, `SELECT key FROM ${keysTable}`).map(({ key }) => String(key)),
  );
}

/** Bytes of the pages that partitions use (src/storage/sqlite-log-store.ts): freed ones are written again before a file grows. */
export function partitionBytes(dataDir: string, { objects }: DataLayout): number {
  const used = "SELECT (page_count - freelist_count) * page_size AS bytes FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
  const rows = databasesIn(join(dataDir, objects)).flatMap((path) => query(path, "log_state", used));
  return rows.reduce((sum, { bytes }) => sum + Number(bytes), 0);
}

/** Bytes of all files of the broker's objects, the archive's not. */
export function objectFileBytes(dataDir: string, { objects }: DataLayout): number {
  return filesIn(join(dataDir, objects)).reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
}

/** The rows of a query on a database that has a table, none on any other. */
function query(path: string, table: string, sql: string): Record<string, unknown>[] {
  const database = new DatabaseSync(path);
  try {
    const hasTable = database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(table) !== undefined;
    return hasTable ? database.prepare(sql).all() : [];
  } finally {
    database.close();
  }
}

export function databasesIn(folder: string): string[] {
  return filesIn(folder).filter((path) => path.endsWith(".sqlite"));
}

function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
