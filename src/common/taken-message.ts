// "taken N": flow control on WebSockets, which in a Worker have none. Whoever sends it has taken N more of what the other side sent: bytes
// on a Kafka connection (contract/kafka-socket.ts), messages on a live tail (contract/fetch.ts). "taken 0" says no more than that the
// sender tells.

export function takenMessage(count: number): string {
  return `taken ${count}`;
}

/** The count of a `taken` message; null where the text is no such message. */
export function readTakenMessage(text: string): number | null {
  return /^taken \d{1,15}$/.test(text) ? Number(text.slice(6)) : null;
}
