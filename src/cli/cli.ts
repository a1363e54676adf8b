// The surroundings of one run of the command line: what a test gives it in place of the process.

import type { Codecs } from "../sdk/compression.ts";
import type { Streams } from "./output.ts";
import type { Environment } from "./settings.ts";

/** What only a checkout of the broker has: it is no part of src/, so the entry (scripts/sluice.ts) hands it in. */
export interface Launcher {
  /** Runs the broker with the flags of `npm start` to its end. Resolves to the exit code. */
  serve(args: readonly string[]): Promise<number>;
  serveHelp(): Promise<string>;
  /** The codecs of the Wasm core, which is built first where it is not there. */
  loadCoreCodecs(): Promise<Codecs>;
}

export interface Cli extends Streams {
  readonly environment: Environment;
  readonly stdin: AsyncIterable<Uint8Array> & { readonly isTTY?: boolean };
  readonly signal: AbortSignal;
  readonly launcher: Launcher;
  /** For actions that end with a code of their own. */
  setExitCode(code: number): void;
}
