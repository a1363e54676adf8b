// Chromium (Debian's package), driven by playwright-core: one process for a test file, which ends with it.

import { existsSync } from "node:fs";
import { chromium, type Page } from "playwright-core";
import { processGone } from "./broker.ts";

const EXECUTABLE = "/usr/bin/chromium";

export function hasChromium(): boolean {
  return existsSync(EXECUTABLE);
}

export interface Chromium {
  readonly pid: number;
  /** A page in a profile of its own, at an address. What goes wrong in it outside of any call is told by `complaints`. */
  open(url: string): Promise<Page>;
  /** Errors that nobody in a page caught. */
  readonly complaints: readonly string[];
  /** Resolves once the process is gone. */
  close(): Promise<void>;
}

/** Starts it headless. playwright ends it too where this process ends before `close`, however that comes: the pipe between them breaks. */
export async function startChromium(): Promise<Chromium> {
  const args = ["--no-sandbox"]; // needs rights that containers withhold; the pages are our own
  const server = await chromium.launchServer({ executablePath: EXECUTABLE, headless: true, args });
  const browser = await chromium.connect(server.wsEndpoint());
  const pid = server.process().pid!;
  const complaints: string[] = [];
  return {
    pid,
    complaints,
    async open(url) {
      const page = await browser.newPage();
      page.on("pageerror", (error) => complaints.push(error.stack ?? error.message));
      await page.goto(url);
      return page;
    },
    async close() {
      await browser.close();
      await server.close();
      await processGone(pid);
    },
  };
}
