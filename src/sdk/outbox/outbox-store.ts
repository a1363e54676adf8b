// What an outbox keeps in its Durable Object's SQLite, beside the object's own tables. Stored: columns may be added, never renamed.
//
//   sluice_outbox_events      what waits to be packed
//     id INTEGER               order of arrival
//     topic TEXT
//     partition INTEGER        NULL where the key, or chance, decides
//     batch BLOB               the record, as a record batch of its own
//   sluice_outbox_runs        batches that are numbered, and sent until they are answered; at most one of a partition
//     id INTEGER
//     topic TEXT, partition INTEGER
//     batch BLOB               under its producer id, epoch and sequence
//   sluice_outbox_sequences   where each partition stands
//     topic TEXT, partition INTEGER
//     producer_epoch INTEGER, next_sequence INTEGER
//   sluice_outbox_state       one row, id 0
//     producer_id INTEGER      NULL until the broker has given one
//     is_alarm_set INTEGER     1 from the first event to the next alarm
//
// An event is a row written and a row deleted, whatever it weighs; a run of many events two more. Everything that belongs together changes
// in one transaction.

import { incrementSequence, readBatchHeader, viewOf } from "../../record/record-batch.ts";

type SqlValue = ArrayBuffer | string | number | null;

/** What an outbox needs of `ctx.storage`. */
export interface OutboxStorage {
  readonly sql: { exec(query: string, ...bindings: (ArrayBuffer | string | number | null)[]): { toArray(): Record<string, SqlValue>[] } };
  transactionSync<Result>(work: () => Result): Result;
  getAlarm(): Promise<number | null>;
  setAlarm(atMs: number): Promise<void>;
}

export interface StoredEvent {
  readonly id: number;
  readonly topic: string;
  readonly partition: number | null;
  readonly batch: Uint8Array<ArrayBuffer>;
}

export interface Run {
  readonly id: number;
  readonly topic: string;
  readonly partition: number;
  readonly batch: Uint8Array<ArrayBuffer>;
}

/** A partition's next sequence, under an epoch of the outbox's producer id. */
export interface StoredSequence {
  readonly producerEpoch: number;
  readonly nextSequence: number;
}

const TABLES = [
  `CREATE TABLE IF NOT EXISTS sluice_outbox_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, partition INTEGER, batch BLOB NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS sluice_outbox_runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, partition INTEGER NOT NULL, batch BLOB NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS sluice_outbox_sequences (
    topic TEXT, partition INTEGER, producer_epoch INTEGER NOT NULL, next_sequence INTEGER NOT NULL,
    PRIMARY KEY (topic, partition)) WITHOUT ROWID`,
  "CREATE TABLE IF NOT EXISTS sluice_outbox_state (id INTEGER PRIMARY KEY, producer_id INTEGER, is_alarm_set INTEGER NOT NULL)",
];

const SET_SEQUENCE = "INSERT OR REPLACE INTO sluice_outbox_sequences (topic, partition, producer_epoch, next_sequence) VALUES (?, ?, ?, ?)";

export class OutboxStore {
  readonly #storage: OutboxStorage;

  constructor(storage: OutboxStorage) {
    this.#storage = storage;
    for (const table of TABLES) storage.sql.exec(table);
  }

  /** @returns whether an alarm has to be set for it */
  addEvent(topic: string, partition: number | null, batch: Uint8Array<ArrayBuffer>): boolean {
    this.#exec("INSERT INTO sluice_outbox_events (topic, partition, batch) VALUES (?, ?, ?)", topic, partition, exactBuffer(batch));
    if (this.#state()?.is_alarm_set === 1) return false;
    this.#exec("INSERT INTO sluice_outbox_state VALUES (0, NULL, 1) ON CONFLICT (id) DO UPDATE SET is_alarm_set = 1");
    return true;
  }

  /** The alarm rang: the next event sets it again. */
  alarmRang(): void {
    this.#exec("UPDATE sluice_outbox_state SET is_alarm_set = 0 WHERE is_alarm_set = 1");
  }

  /** Events that are not known to be written. */
  countPending(): number {
    const runs = this.#exec("SELECT batch FROM sluice_outbox_runs").map(({ batch }) => readBatchHeader(new DataView(batch as ArrayBuffer)));
    const [events] = this.#exec("SELECT COUNT(*) AS count FROM sluice_outbox_events");
    return runs.reduce((sum, { recordCount }) => sum + recordCount, Number(events!.count));
  }

  hasWork(): boolean {
    return this.#exec("SELECT 1 FROM sluice_outbox_runs UNION ALL SELECT 1 FROM sluice_outbox_events LIMIT 1").length > 0;
  }

  firstRun(): Run | null {
    const [row] = this.#exec("SELECT id, topic, partition, batch FROM sluice_outbox_runs ORDER BY id LIMIT 1");
    return row === undefined ? null : { ...(row as unknown as Run), batch: new Uint8Array(row.batch as ArrayBuffer) };
  }

  /** The topic of the oldest event. */
  firstTopic(): string | null {
    const [row] = this.#exec("SELECT topic FROM sluice_outbox_events ORDER BY id LIMIT 1");
    return (row?.topic as string | undefined) ?? null;
  }

  /** The oldest events of a topic, one at least: all that wait may be more than an object's memory holds. */
  events(topic: string, limit: number, maxBytes: number): StoredEvent[] {
    const sizes = "SELECT id, LENGTH(batch) AS size FROM sluice_outbox_events WHERE topic = ? ORDER BY id LIMIT ?";
    let lastId = -1;
    let bytes = 0;
    for (const { id, size } of this.#exec(sizes, topic, limit)) {
      bytes += Number(size);
      if (bytes > maxBytes && lastId !== -1) break;
      lastId = Number(id);
    }
    const rows = this.#exec(
      "SELECT id, topic, partition, batch FROM sluice_outbox_events WHERE topic = ? AND id <= ? ORDER BY id LIMIT ?",
      ...[topic, lastId, limit],
    );
    return rows.map((row) => ({ ...(row as unknown as StoredEvent), batch: new Uint8Array(row.batch as ArrayBuffer) }));
  }

  producerId(): number | null {
    return (this.#state()?.producer_id as number | null | undefined) ?? null;
  }

  /** Another producer id, under which every partition begins anew. */
  setProducerId(producerId: number): void {
    this.#storage.transactionSync(() => {
      this.#exec("DELETE FROM sluice_outbox_sequences");
      this.#exec(
        "INSERT INTO sluice_outbox_state VALUES (0, ?, 0) ON CONFLICT (id) DO UPDATE SET producer_id = excluded.producer_id",
        producerId,
      );
    });
  }

  sequence(topic: string, partition: number): StoredSequence {
    const query = "SELECT producer_epoch, next_sequence FROM sluice_outbox_sequences WHERE topic = ? AND partition = ?";
    const [row] = this.#exec(query, topic, partition);
    return { producerEpoch: Number(row?.producer_epoch ?? 0), nextSequence: Number(row?.next_sequence ?? 0) };
  }

  /** Events become a run, whose batch has their records under the sequence: from now on it is this batch that is sent, byte for byte. */
  pack(events: readonly StoredEvent[], run: Omit<Run, "id">, sequence: StoredSequence): void {
    this.#storage.transactionSync(() => {
      for (const { id } of events) this.#exec("DELETE FROM sluice_outbox_events WHERE id = ?", id);
      const { topic, partition, batch } = run;
      this.#exec("INSERT INTO sluice_outbox_runs (topic, partition, batch) VALUES (?, ?, ?)", topic, partition, exactBuffer(batch));
      this.#setSequence(run, sequence);
    });
  }

  /** The run under another sequence. */
  renumber(run: Run, sequence: StoredSequence): void {
    this.#storage.transactionSync(() => {
      this.#exec("UPDATE sluice_outbox_runs SET batch = ? WHERE id = ?", exactBuffer(run.batch), run.id);
      this.#setSequence(run, sequence);
    });
  }

  /** The run is written. */
  finish({ id }: Run): void {
    this.#exec("DELETE FROM sluice_outbox_runs WHERE id = ?", id);
  }

  /** The run is given up, and the partition goes on under the sequence: not where the run was, since it may be written all the same. */
  drop(run: Run, { producerEpoch, nextSequence }: StoredSequence): void {
    this.#storage.transactionSync(() => {
      this.finish(run);
      this.#exec(SET_SEQUENCE, run.topic, run.partition, producerEpoch, nextSequence);
    });
  }

  /** The partition stands after the run. */
  #setSequence({ topic, partition, batch }: Omit<Run, "id">, { producerEpoch, nextSequence }: StoredSequence): void {
    const { recordCount } = readBatchHeader(viewOf(batch));
    const next = incrementSequence(nextSequence, recordCount);
    this.#exec(SET_SEQUENCE, topic, partition, producerEpoch, next);
  }

  #state(): Record<string, SqlValue> | undefined {
    return this.#exec("SELECT producer_id, is_alarm_set FROM sluice_outbox_state WHERE id = 0")[0];
  }

  #exec(query: string, ...bindings: SqlValue[]): Record<string, SqlValue>[] {
    return this.#storage.sql.exec(query, ...bindings).toArray();
  }
}

/** A view would store its whole buffer. */
function exactBuffer(bytes: Uint8Array<ArrayBuffer>): ArrayBuffer {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
}
