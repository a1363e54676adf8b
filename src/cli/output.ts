// What a command prints. On standard output the answer and nothing else: with --json one document, or one line for each of a stream's
// records; else what a person reads. On standard error what is said meanwhile. Writes wait for a slow reader, and a reader that has gone
// (`| head`) is the end of the command, not a failure.

import { once } from "node:events";

export interface Streams {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

export class Output {
  readonly json: boolean;
  readonly #streams: Streams;

  constructor(json: boolean, streams: Streams) {
    this.json = json;
    this.#streams = streams;
  }

  /** Whether a person watches what is said on standard error. */
  get isWatched(): boolean {
    return this.#streams.stderr.isTTY === true && !this.json;
  }

  get stderr(): Streams["stderr"] {
    return this.#streams.stderr;
  }

  /** The command's answer. */
  async document(value: unknown, text: () => string): Promise<void> {
    await this.write(`${this.json ? JSON.stringify(value, null, 2) : text()}\n`);
  }

  /** The answer of a command that has none but that it worked. */
  async done(value: object, text: string): Promise<void> {
    await this.document(value, () => text);
  }

  /** Resolves once there is room for more. */
  async write(chunk: string | Uint8Array): Promise<void> {
    if (this.#streams.stdout.write(chunk)) return;
    await once(this.#streams.stdout, "drain").catch(() => undefined); // the reader has gone, which main.ts hears of too
  }

  /** Said on standard error: not part of the answer. */
  note(text: string): void {
    this.#streams.stderr.write(`${text}\n`);
  }
}
