// What workerd has beside Node and the DOM, as far as the sources that tests in Node import use it.

declare class WebSocketPair {
  readonly 0: WebSocket;
  readonly 1: WebSocket;
}

interface WebSocket {
  accept(): void;
}

interface ResponseInit {
  webSocket?: WebSocket;
}

interface SubtleCrypto {
  timingSafeEqual(left: ArrayBuffer, right: ArrayBuffer): boolean;
}

interface Scheduler {
  wait(ms: number): Promise<void>;
}

interface Socket {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}
