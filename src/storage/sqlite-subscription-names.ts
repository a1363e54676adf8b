// The cluster's list of subscriptions: their names, and who has which topic. What a subscription is, its own object knows.

import type { PageQuery } from "./topic-store.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS subscriptions (name TEXT PRIMARY KEY) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS subscription_topics (
    topic TEXT NOT NULL,         -- by name: one that is made anew is the subscription's as well
    subscription TEXT NOT NULL,
    PRIMARY KEY (topic, subscription)
  ) WITHOUT ROWID;
`;

export class SqliteSubscriptionNames {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#sql.exec(SCHEMA);
  }

  has(name: string): boolean {
    return [...this.#sql.exec("SELECT 1 FROM subscriptions WHERE name = ?", name)].length > 0;
  }

  count(): number {
    return this.#sql.exec<{ count: number }>("SELECT count(*) AS count FROM subscriptions").one().count;
  }

  /** Adds it, or changes its topics. */
  put(name: string, topics: readonly string[]): void {
    this.#storage.transactionSync(() => {
      this.remove(name);
      this.#sql.exec("INSERT INTO subscriptions (name) VALUES (?)", name);
      for (const topic of new Set(topics))
        this.#sql.exec("INSERT INTO subscription_topics (topic, subscription) VALUES (?, ?)", topic, name);
    });
  }

  remove(name: string): void {
    this.#sql.exec("DELETE FROM subscriptions WHERE name = ?", name);
    this.#sql.exec("DELETE FROM subscription_topics WHERE subscription = ?", name);
  }

  ofTopic(topic: string): string[] {
    const rows = this.#sql.exec<{ subscription: string }>("SELECT subscription FROM subscription_topics WHERE topic = ?", topic);
    return [...rows].map(({ subscription }) => subscription);
  }

  /** In the order of their names. */
  list({ prefix, after, limit }: PageQuery): string[] {
    const rows = this.#sql.exec<{ name: string }>(
      "SELECT name FROM subscriptions WHERE name >= ? AND name > ? ORDER BY name LIMIT ?",
      prefix,
      after,
      limit,
    );
    return [...rows].map(({ name }) => name).filter((name) => name.startsWith(prefix));
  }
}
