// `npm start`: runs the broker on plain workerd, data in a local folder.

import { HELP, parseServeOptions } from "./serve/options.ts";
import { serve } from "./serve/serve.ts";
import { StartError } from "./serve/start-error.ts";

/** Resolves to the exit code once the broker has ended, or cannot start, which is said in a line. */
export async function start(args: readonly string[]): Promise<number> {
  try {
    const options = parseServeOptions(args, process.env);
    if (options !== null) return await serve(options);
    console.log(HELP);
    return 0;
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    console.error(`sluice: ${error.message}`);
    return error.exitCode;
  }
}

if (import.meta.main) process.exit(await start(process.argv.slice(2)));
