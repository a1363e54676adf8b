// A progress bar on standard error, where a person watches; nothing where nobody does.

import cliProgress from "cli-progress"; // CommonJS: no names of its own
import type { Output } from "./output.ts";
import { formatBytes } from "./table.ts";

export interface Progress {
  /** `count` more are done. */
  add(count: number): void;
  /** Leaves the last state of the bar on the screen. */
  close(): void;
}

export interface ProgressOptions {
  /** The word behind the numbers: "produced". */
  readonly what: string;
  readonly unit: "records" | "bytes";
  /** null where nobody knows: a count without a bar. */
  readonly total: number | null;
}

export function openProgress(output: Output, { what, unit, total }: ProgressOptions): Progress {
  if (!output.isWatched) return { add: () => {}, close: () => {} };
  const show = unit === "bytes" ? formatBytes : (count: number) => count.toLocaleString("en");
  const bar = new cliProgress.SingleBar({
    stream: output.stderr as NodeJS.WriteStream,
    hideCursor: true,
    etaBuffer: 100,
    format: (options, { progress, value, total: of, startTime }) => {
      const seconds = Math.max((Date.now() - startTime) / 1000, 0.001);
      const rate = `${show(Math.round(value / seconds))}/s`;
      if (total === null) return `${show(value)} ${unit === "bytes" ? "" : `${unit} `}${what}, ${rate}`;
      return `${cliProgress.Format.BarFormat(progress, options)} ${Math.floor(progress * 100)} % · ${show(value)} of ${show(of)} ${what}, ${rate}`;
    },
  });
  bar.start(total ?? 0, 0);
  return {
    add: (count) => bar.increment(count),
    close: () => bar.stop(),
  };
}
