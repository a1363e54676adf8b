// A body as JSON, parsed at the first need and once; and what a JSON pointer (RFC 6901) finds in it.

const ARRAY_INDEX = /^(0|[1-9]\d*)$/;

export class JsonBody {
  readonly #bytes: Uint8Array;
  #parsed: { readonly value: unknown } | null = null;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** undefined where the body is no JSON, or there is nothing at the pointer. */
  at(pointer: string): unknown {
    let value = this.#value();
    for (const step of pointer.split("/").slice(1)) {
      const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
      if (Array.isArray(value) && !ARRAY_INDEX.test(name)) return undefined;
      value = (value as Readonly<Record<string, unknown>>)[name];
    }
    return value;
  }

  /**
   * A string, an integer or a boolean at the pointer, as text; null where there is none. An integer beyond 2^53 is none: two that differ
   * would read the same.
   */
  textAt(pointer: string): string | null {
    const value = this.at(pointer);
    if (typeof value === "string") return value;
    return typeof value === "boolean" || Number.isSafeInteger(value) ? String(value) : null;
  }

  #value(): unknown {
    this.#parsed ??= { value: parse(this.#bytes) };
    return this.#parsed.value;
  }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    return undefined; // no UTF-8, or no JSON: a sender may send forms, and whatever it likes
  }
}
