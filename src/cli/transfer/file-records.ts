// A file for each value. Written, it has the name PARTITION-OFFSET: a key is somebody else's text, and no path. Read, its path within the
// folder is the key.

import { type FileHandle, mkdir, open, readdir, readFile, writeFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { UsageError } from "../failure.ts";
import type { NewRecord, StoredRecord } from "../records/record.ts";

/** Offsets in as many digits as Kafka's own file names have, so that names sort as offsets do. */
const OFFSET_DIGITS = 20;

/** @returns what writes a record; a tombstone has no value to write */
export async function openValueFolder(folder: string): Promise<(record: StoredRecord) => Promise<void>> {
  await mkdir(folder, { recursive: true });
  return async ({ partition, offset, value }) => {
    if (value !== null) await writeFile(join(folder, `${partition}-${String(offset).padStart(OFFSET_DIGITS, "0")}`), value, { flag: "wx" });
  };
}

/** The files of a folder and of those within it, in the order of their names. */
export async function* recordsOfFolder(folder: string): AsyncGenerator<NewRecord> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  if (paths.length === 0) throw new UsageError(`there are no files in ${folder}`);
  const encoder = new TextEncoder();
  for (const path of paths.sort()) {
    yield { key: encoder.encode(relative(folder, path).replaceAll(sep, "/")), value: await readFile(path), headers: [] };
  }
}

/**
 * A new file: what is there already is never written over. Each write is waited for, so that a full disk is told by the write that met it; a
 * stream would tell it at any time, and to nobody.
 */
export function createNewFile(path: string): Promise<FileHandle> {
  return open(path, "wx");
}
