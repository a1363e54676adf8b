// What the platform itself costs: a Worker and one Durable Object that do nothing beyond the call, the insert or the read. The
// benchmarks compare the broker with these, in the same run.
//
//   GET  /nothing             answered by the Worker
//   GET  /empty               one RPC call that does nothing
//   POST /insert              one RPC call that inserts the body into SQLite, one row
//   GET  /row?id=N&count=K    one RPC call that returns K rows from N on (from 1), end to end

import { DurableObject } from "cloudflare:workers";

export class ReferenceObject extends DurableObject<Env> {
  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    state.storage.sql.exec("CREATE TABLE IF NOT EXISTS bodies (id INTEGER PRIMARY KEY, body BLOB NOT NULL)");
  }

  empty(): void {}

  insert(body: ArrayBuffer): number {
    this.ctx.storage.sql.exec("INSERT INTO bodies (body) VALUES (?)", body);
    return body.byteLength;
  }

  rows(id: number, count: number): ArrayBuffer {
    const rows = this.ctx.storage.sql.exec<{ body: ArrayBuffer }>("SELECT body FROM bodies WHERE id >= ? ORDER BY id LIMIT ?", id, count);
    const bodies = [...rows].map(({ body }) => new Uint8Array(body));
    if (bodies.length === 1) return bodies[0]!.buffer;
    const joined = new Uint8Array(bodies.reduce((length, body) => length + body.length, 0));
    let position = 0;
    for (const body of bodies) {
      joined.set(body, position);
      position += body.length;
    }
    return joined.buffer;
  }
}

interface Env {
  readonly REFERENCE: DurableObjectNamespace<ReferenceObject>;
}

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    if (url.pathname === "/nothing") return new Response("ok");
    const object = env.REFERENCE.getByName("reference");
    if (url.pathname === "/insert") return new Response(String(await object.insert(await request.arrayBuffer())));
    if (url.pathname === "/row") {
      const { id, count = "1" } = Object.fromEntries(url.searchParams);
      return new Response(await object.rows(Number(id), Number(count)));
    }
    await object.empty();
    return new Response("ok");
  },
} satisfies ExportedHandler<Env>;
