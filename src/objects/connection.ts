// The connection object: Kafka clients' WebSockets, one or several to an object (names.ts). The edge has authenticated the request and
// opens a socket here, where each message is an event with a budget of its own, and where sockets that say nothing hibernate: the object
// is put out of memory, the sockets stay open. What a socket needs to go on is its attachment (SocketState).
//
// Nothing is stored but an alarm, which closes sockets that said nothing for connections.max.idle.ms.

import { DurableObject } from "cloudflare:workers";
import type { Broker } from "../broker/broker.ts";
import { type ConnectionConfig, readConnectionConfigs } from "../common/connection-configs.ts";
import type { Env } from "../env.ts";
import { KafkaWebSocket, type SocketState } from "../listeners/kafka/serve-web-socket.ts";
import { openBroker } from "./broker-state.ts";
import { kafkaSettings } from "./kafka-settings.ts";
import { securityOf } from "./security-port.ts";

/** Carries the new socket's SocketState, as JSON: the edge is the only one to call this object. */
export const STATE_HEADER = "sluice-socket-state";

export class ConnectionObject extends DurableObject<Env> {
  readonly #sockets = new Map<WebSocket, KafkaWebSocket>();
  readonly #config: ConnectionConfig;
  readonly #broker: Broker;
  /** ms since the epoch; undefined until it is known, null where none is set. */
  #alarmAtMs: number | null | undefined;

  constructor(context: DurableObjectState, env: Env) {
    super(context, env);
    this.#config = readConnectionConfigs(env.SLUICE_CONNECTION_CONFIGS);
    this.#broker = openBroker(env, context);
  }

  override async fetch(request: Request): Promise<Response> {
    const state = JSON.parse(request.headers.get(STATE_HEADER)!) as SocketState;
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    server.serializeAttachment(state);
    await this.#ringBy(state.activeAtMs + this.#config.maxIdleMs);
    const subprotocol = request.headers.get("sec-websocket-protocol"); // the edge has chosen it
    return new Response(null, { status: 101, webSocket: client, headers: subprotocol ? { "sec-websocket-protocol": subprotocol } : {} });
  }

  override webSocketMessage(socket: WebSocket, message: ArrayBuffer | string): Promise<void> {
    return this.#connectionOf(socket).receive(message);
  }

  override webSocketClose(socket: WebSocket): void {
    this.#end(socket);
  }

  override webSocketError(socket: WebSocket): void {
    this.#end(socket);
  }

  override async alarm(): Promise<void> {
    this.#alarmAtMs = null;
    const dueTimes = this.ctx.getWebSockets().flatMap((socket) => this.#connectionOf(socket).closeIfIdle() ?? []);
    if (dueTimes.length > 0) await this.#ringBy(Math.min(...dueTimes));
    else await this.ctx.storage.deleteAll(); // nothing is left of an object without sockets
  }

  #connectionOf(socket: WebSocket): KafkaWebSocket {
    return this.#sockets.get(socket) ?? this.#open(socket);
  }

  #open(socket: WebSocket): KafkaWebSocket {
    const state = socket.deserializeAttachment() as SocketState;
    const connection = new KafkaWebSocket({
      socket: {
        send: (message) => socket.send(message),
        close: (code, reason) => closeQuietly(socket, code, reason),
      },
      state,
      save: (changed) => socket.serializeAttachment(changed),
      broker: this.#broker,
      security: securityOf(this.env),
      settings: kafkaSettings(this.env, state.advertised),
      now: Date.now,
      maxIdleMs: this.#config.maxIdleMs,
    });
    this.#sockets.set(socket, connection);
    return connection;
  }

  #end(socket: WebSocket): void {
    this.#connectionOf(socket).end(); // also of one that slept: what its client holds of share groups is given back
    this.#sockets.delete(socket);
    closeQuietly(socket, 1000, "");
  }

  /** Sets the alarm, unless it rings before. */
  async #ringBy(atMs: number): Promise<void> {
    if (this.#alarmAtMs === undefined) this.#alarmAtMs = await this.ctx.storage.getAlarm();
    if (this.#alarmAtMs !== null && this.#alarmAtMs <= atMs) return;
    this.#alarmAtMs = atMs;
    await this.ctx.storage.setAlarm(atMs);
  }
}

function closeQuietly(socket: WebSocket, code: number, reason: string): void {
  try {
    socket.close(code, reason);
  } catch {
    // It is closed already, or the other side is gone without a word.
  }
}
