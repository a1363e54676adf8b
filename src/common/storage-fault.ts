// What plain workerd says of a call to an object that failed for its storage: SQLite's result code (https://www.sqlite.org/rescode.html) at the
// end of the error's message, or, where a commit failed after the object had answered, no more than a reference to a line of its log.

const FAULTS: Readonly<Record<string, string>> = {
  FULL: "the disk is full: make room, nothing needs to be started again",
  READONLY: "the disk, or the data folder on it, cannot be written",
  IOERR: "the disk cannot be read or written",
  CANTOPEN: "a file of the data folder cannot be opened",
  CORRUPT: "a file of the data folder is damaged",
  NOTADB: "a file of the data folder is damaged",
};

/** A sentence for people, with the code; null where the error says nothing of the storage. */
export function storageFault(thrown: unknown): string | null {
  const [code = "", name = ""] = /\bSQLITE_([A-Z]+)/.exec(String(thrown)) ?? [];
  const fault = FAULTS[name];
  return fault === undefined ? null : `${fault} (${code})`;
}

/** What the platform keeps to itself it writes to its log, under this reference; null where it has nothing to do with the error. */
export function internalReference(thrown: unknown): string | null {
  return /\binternal error; reference = (\w+)/.exec(String(thrown))?.[1] ?? null;
}
