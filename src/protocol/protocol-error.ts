// What can go wrong between bytes and messages. Both errors name the field, as a path from the message down: `topics[2].partitions[0].index`.

abstract class PathError extends Error {
  readonly #reason: string;
  #path = "";

  constructor(reason: string) {
    super(reason);
    this.#reason = reason;
  }

  /** Where in the message, or "" for the message itself. */
  get path(): string {
    return this.#path;
  }

  /** Puts a step before the path: a field's key, an index as `[2]`, or a message's name. */
  prepend(step: string): void {
    this.#path = this.#path === "" || this.#path.startsWith("[") ? step + this.#path : `${step}.${this.#path}`;
    this.message = `${this.#path}: ${this.#reason}`;
  }
}

/** Bytes from outside are not the message that they claim to be. */
export class ProtocolError extends PathError {
  override readonly name: string = "ProtocolError";
}

/** A value does not fit the schema that it is written with: a mistake of ours. */
export class EncodingError extends PathError {
  override readonly name: string = "EncodingError";
}

/** Adds a step to the path of an error on its way up. Anything else passes unchanged. */
export function within(error: unknown, step: string): unknown {
  if (error instanceof PathError) error.prepend(step);
  return error;
}
