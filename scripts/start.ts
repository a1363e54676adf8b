// `npm start`: runs the broker on plain workerd, data in a local folder.

import { HELP, parseServeOptions } from "./serve/options.ts";
import { serve } from "./serve/serve.ts";
import { StartError } from "./serve/start-error.ts";

async function main(): Promise<number> {
  const options = parseServeOptions(process.argv.slice(2), process.env);
  if (options !== null) return serve(options);
  console.log(HELP);
  return 0;
}

try {
  process.exit(await main());
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  console.error(`sluice: ${error.message}`);
  process.exit(error.exitCode);
}
