// How many TCP connections an isolate serves at a time, in all and from one address (max.connections, max.connections.per.ip). As Kafka
// does with one address too many, a connection above a limit is closed before anything of it is read.

import type { ConnectionConfig } from "../../common/connection-configs.ts";

export class ConnectionQuota {
  #count = 0;
  readonly #byIp = new Map<string, number>();

  get count(): number {
    return this.#count;
  }

  /**
   * Counts a connection. Returns what to call once it is over, or why it is not to be served.
   * @param ip null where the platform does not tell it
   */
  open(ip: string | null, { maxConnections, maxConnectionsPerIp }: ConnectionConfig): (() => void) | string {
    const ofIp = ip === null ? 0 : (this.#byIp.get(ip) ?? 0);
    if (this.#count >= maxConnections) return `there are ${this.#count} connections (max.connections)`;
    if (ip !== null && ofIp >= maxConnectionsPerIp) return `${ip} has ${ofIp} connections (max.connections.per.ip)`;
    this.#count += 1;
    if (ip !== null) this.#byIp.set(ip, ofIp + 1);
    return () => this.#close(ip);
  }

  #close(ip: string | null): void {
    this.#count -= 1;
    if (ip === null) return;
    const left = this.#byIp.get(ip)! - 1;
    if (left > 0) this.#byIp.set(ip, left);
    else this.#byIp.delete(ip);
  }
}
