// Server-Sent Events (https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation) out of a stream of bytes,
// as far as the broker writes them. EventSource would do in a browser, but sends no Authorization and is not everywhere.

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/**
 * Events until the stream ends, or the signal aborts: also where the stream itself does not know of it. A last one without its empty line is
 * not given, as the standard has it.
 */
export async function* readEvents(stream: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<ServerEvent> {
  const reader = stream.getReader();
  const cancel = () => void reader.cancel().catch(() => undefined); // ends the read that waits; broken already where it rejects
  signal.addEventListener("abort", cancel);
  if (signal.aborted) cancel();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
      const blocks = text.split(/\r?\n\r?\n/);
      text = blocks.pop()!;
      for (const block of blocks) {
        const event = parseEvent(block);
        if (event !== null) yield event;
      }
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    cancel();
  }
}

/** null for a block of comments. */
function parseEvent(block: string): ServerEvent | null {
  let event = "message";
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    const [, field, value = ""] = /^([^:]*):? ?(.*)$/s.exec(line)!;
    if (field === "event") event = value;
    else if (field === "data") data.push(value);
  }
  return data.length === 0 ? null : { event, data: data.join("\n") };
}
