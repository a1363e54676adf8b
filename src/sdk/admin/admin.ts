// Everything that the API has beside producing and consuming, by resource.

import type { ClusterAnswer } from "../../contract/cluster.ts";
import type { Client } from "../client.ts";
import { GroupAdmin } from "./group-admin.ts";
import { IngestAdmin } from "./ingest-admin.ts";
import { SecurityAdmin } from "./security-admin.ts";
import { ShareGroupAdmin } from "./share-group-admin.ts";
import { SubscriptionAdmin } from "./subscription-admin.ts";
import { TopicAdmin } from "./topic-admin.ts";
import { TransactionAdmin } from "./transaction-admin.ts";

/**
 * Makes, describes, changes and deletes what a broker has.
 *
 * ```ts
 * const admin = new Admin(createClient({ url: "http://127.0.0.1:8787" }));
 * await admin.topics.create({ name: "clicks", partitions: 3 });
 * for await (const { name, partitions } of admin.topics.list()) console.log(name, partitions);
 * ```
 */
export class Admin {
  readonly topics: TopicAdmin;
  readonly groups: GroupAdmin;
  readonly shareGroups: ShareGroupAdmin;
  readonly security: SecurityAdmin;
  readonly transactions: TransactionAdmin;
  readonly subscriptions: SubscriptionAdmin;
  readonly ingest: IngestAdmin;
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
    this.topics = new TopicAdmin(client);
    this.groups = new GroupAdmin(client);
    this.shareGroups = new ShareGroupAdmin(client);
    this.security = new SecurityAdmin(client);
    this.transactions = new TransactionAdmin(client);
    this.subscriptions = new SubscriptionAdmin(client);
    this.ingest = new IngestAdmin(client);
  }

  /** Cluster id, version, limits and features. */
  cluster(): Promise<ClusterAnswer> {
    return this.#client.call("GET", "/v1/cluster");
  }

  /** Whether the broker answers. Asks once. */
  async isUp(): Promise<boolean> {
    return this.#client.attempt("GET", "/healthz", {}, ({ ok }) => ok).catch(() => false);
  }
}
