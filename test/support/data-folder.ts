// What lies in the data folder of a broker that was killed or stopped: its objects' SQLite files, and the keys of its local archive.

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** The keys of all objects in the local archive (src/archive/local/index-store.ts). */
export function archivedKeys(dataDir: string): string[] {
  return databasesIn(join(dataDir, "archive")).flatMap((path) =>
    query(path, "objects", "SELECT key FROM objects").map(({ key }) => String(key)),
  );
}

/** Bytes of the pages that partitions use (src/storage/sqlite-log-store.ts): freed ones are written again before a file grows. */
export function partitionBytes(dataDir: string): number {
  const used = "SELECT (page_count - freelist_count) * page_size AS bytes FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
  const rows = databasesIn(join(dataDir, "objects")).flatMap((path) => query(path, "log_state", used));
  return rows.reduce((sum, { bytes }) => sum + Number(bytes), 0);
}

/** Bytes of all files of the broker's objects, the archive's not. */
export function objectFileBytes(dataDir: string): number {
  return filesIn(join(dataDir, "objects")).reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
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

function databasesIn(folder: string): string[] {
  return filesIn(folder).filter((path) => path.endsWith(".sqlite"));
}

function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
