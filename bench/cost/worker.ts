// The broker as it is, counting what the platform charges for while it works. Worker and objects share the isolate in plain workerd, and
// so these counts.
//
//   GET  /counts     the counts so far
//   POST /counts     begins them anew

import worker, * as broker from "../../src/index.ts";
import { countBucket } from "./count-bucket.ts";
import { noCounts } from "./counts.ts";

export * from "../../src/index.ts";

/** What the platform and other objects call; each call is a request to the object. Not `segments`, by which a benchmark looks on. */
const ENTRIES = ["append", "read", "offset", "describe", "truncate", "destroy", "alarm", "fetch"] as const;

type Env = ConstructorParameters<typeof broker.PartitionObject>[1];

let counts = noCounts();
/** Cursors whose rows read are not known yet: they were read to their end by the time the next statement runs. */
let openCursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];

function count(into: Record<string, number>, name: string, by = 1): void {
  into[name] = (into[name] ?? 0) + by;
}

/** "INSERT INTO segment_100 (…" is told as "INSERT INTO segment_N". */
function statementName(query: string): string {
  const words = query.trim().split(/[\s(]+/);
  return words
    .slice(0, words[1] === "OR" ? 5 : 3)
    .join(" ")
    .replace(/segment_\d+/, "segment_N");
}

function settleCursors(): void {
  for (const cursor of openCursors) counts.rowsRead += cursor.rowsRead;
  openCursors = [];
}

function countStorage(storage: DurableObjectStorage): void {
  const { sql } = storage;
  const exec = sql.exec.bind(sql);
  const setAlarm = storage.setAlarm.bind(storage);
  const countedExec = (query: string, ...values: SqlStorageValue[]) => {
    settleCursors();
    const cursor = exec<Record<string, SqlStorageValue>>(query, ...values);
    if (cursor.rowsWritten > 0) count(counts.rowsWritten, statementName(query), cursor.rowsWritten);
    openCursors.push(cursor);
    return cursor;
  };
  Object.defineProperty(sql, "exec", { value: countedExec });
  Object.defineProperty(storage, "sql", { value: sql });
  Object.defineProperty(storage, "setAlarm", {
    value: (...parameters: Parameters<DurableObjectStorage["setAlarm"]>) => {
      counts.alarmsSet += 1;
      return setAlarm(...parameters);
    },
  });
}

function countArchive(env: Env): Env {
  if (env.ARCHIVE === undefined) return env;
  const bucket = countBucket(
    env.ARCHIVE,
    (name) => count(counts.r2ClassA, name),
    (name) => count(counts.r2ClassB, name),
  );
  return { ...env, ARCHIVE: bucket };
}

export class PartitionObject extends broker.PartitionObject {
  constructor(state: DurableObjectState, env: Env) {
    countStorage(state.storage);
    super(state, countArchive(env));
  }
}

for (const name of ENTRIES) {
  const entry = broker.PartitionObject.prototype[name] as (this: PartitionObject, ...parameters: unknown[]) => unknown;
  Object.defineProperty(PartitionObject.prototype, name, {
    value(this: PartitionObject, ...parameters: unknown[]) {
      count(counts.objectRequests, name);
      return entry.apply(this, parameters);
    },
  });
}

export default {
  fetch(request, env, context) {
    if (new URL(request.url).pathname === "/counts") {
      settleCursors();
      if (request.method === "POST") counts = noCounts();
      return Response.json(counts);
    }
    counts.workerRequests += 1;
    return worker.fetch(request, countArchive(env), context);
  },
} satisfies ExportedHandler<Env>;
