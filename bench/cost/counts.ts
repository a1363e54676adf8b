// What the platform charges for, as a run of the broker counted it (bench/cost/worker.ts).

export interface Counts {
  /** Requests to the Worker. */
  workerRequests: number;
  /** Calls, fetches and alarms that the partition's object was given, by the name of the method. */
  objectRequests: Record<string, number>;
  /** Of all objects, by the statement's first words: SqlStorageCursor.rowsWritten. */
  rowsWritten: Record<string, number>;
  /** Of all objects: SqlStorageCursor.rowsRead. */
  rowsRead: number;
  /** Alarms that were set: a row written each. */
  alarmsSet: number;
  /** R2's operations that change or list, and those that read, by the name of the method. Deletes are free. */
  r2ClassA: Record<string, number>;
  r2ClassB: Record<string, number>;
}

export function noCounts(): Counts {
  return { workerRequests: 0, objectRequests: {}, rowsWritten: {}, rowsRead: 0, alarmsSet: 0, r2ClassA: {}, r2ClassB: {} };
}

export function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
