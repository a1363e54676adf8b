// Programs made of the blocks of docs/sdk.md, which are pieces: each gets the imports that it leaves out, and the names of context.ts. They
// lie in build/, inside the package, so that they import it by its name, as it is built.

import { type DocBlock, docBlocks } from "../doc-blocks.ts";

const DOCUMENT = "docs/sdk.md";
const PLACEHOLDER_URL = "https://sluice.example.workers.dev";

/** What the document's table says of each, and what a reader has anyway. */
const IMPORTS: Readonly<Record<string, readonly string[]>> = {
  "sluice/client": [
    ...["Admin", "asJson", "asText", "Consumer", "createClient", "GroupConsumer", "Producer", "SluiceError", "tail"],
    ...["randomPartitioner", "roundRobinPartitioner"],
  ],
  "sluice/share": ["ShareConsumer"],
  "sluice/outbox": ["Outbox"],
  "sluice/codecs": ["createCodecs", "loadCodecs"],
};

const CONTEXT_NAMES = ["client", "token", "env", "app", "events", "value", "path", "stopped", "handle"];

/** Those that only a Worker can run import what only Workers have. */
const isForWorkers = ({ text }: DocBlock) => /DurableObject|core\.wasm/.test(text);

export interface Program {
  /** `block-LINE.ts`, by its line in the document. */
  readonly name: string;
  readonly text: string;
}

/** One for each block that Node can run: exports `run(context)`. */
export function nodePrograms(brokerUrl: string): Program[] {
  return docBlocks(DOCUMENT, "ts")
    .filter((block) => !isForWorkers(block))
    .map(({ text, line }) => {
      const { imports, body } = split(text.replaceAll(PLACEHOLDER_URL, brokerUrl));
      const head = `${importLines(text, ["sluice/client", "sluice/share", "sluice/codecs"])}import { readFile } from "node:fs/promises";
import type { BlockContext } from "../../test/support/sdk-docs/context.ts";`;
      // A block of its own inside the function: it may make what others take for granted.
      const names = `{ ${CONTEXT_NAMES.filter((name) => new RegExp(`\\b${name}\\b`).test(body)).join(", ")} }: BlockContext`;
      return {
        name: `block-${line}.ts`,
        text: `${head}\n${imports}\nexport async function run(${names}): Promise<void> {\n{\n${body}}}\n`,
      };
    });
}

/** A Worker of all blocks that only Workers can run: /order/ITEM calls the object of the outbox, /codecs writes by the core. */
export function workerProgram(): Program {
  const blocks = docBlocks(DOCUMENT, "ts").filter(isForWorkers);
  const [outbox, codecs, ...others] = [
    blocks.find(({ text }) => text.includes("class Order")),
    blocks.find(({ text }) => text.includes("core.wasm")),
  ];
  if (outbox === undefined || codecs === undefined || others.length > 0) throw new Error(`${DOCUMENT} has other blocks for Workers`);
  const { imports, body } = split(codecs.text);
  const head = importLines(outbox.text + codecs.text, Object.keys(IMPORTS));
  return {
    name: "worker.ts",
    text: `${head}import { DurableObject } from "cloudflare:workers";
${imports}
interface Env { readonly SLUICE: Fetcher; readonly SLUICE_TOKEN: string; readonly ORDERS: DurableObjectNamespace<OrderWithItems> }
${outbox.text}
/** With the table that the object has by then. */
export class OrderWithItems extends Order {
  constructor(context: DurableObjectState, env: Env) {
    super(context, env);
    context.storage.sql.exec("CREATE TABLE IF NOT EXISTS items (name TEXT)");
  }
}
async function writeByCore(env: Env): Promise<void> {
  const client = createClient({ binding: env.SLUICE, token: env.SLUICE_TOKEN });
${body}
  await producer.send({ topic: "orders", partition: 0, value: "by the core" });
  await producer.close();
}
export default {
  async fetch({ url }: Request, env: Env): Promise<Response> {
    const [, what, item = ""] = new URL(url).pathname.split("/");
    if (what === "codecs") await writeByCore(env);
    else await env.ORDERS.getByName("1").place(item);
    return new Response("done");
  },
};
`,
  };
}

/** The document's page, for a broker. */
export function docPage(broker: { readonly url: string; readonly token: string }): string {
  const [block, ...others] = docBlocks(DOCUMENT, "html");
  if (block === undefined || others.length > 0) throw new Error(`${DOCUMENT} has one page`);
  return `<!doctype html><meta charset="utf-8"><body>${block.text
    .replace(PLACEHOLDER_URL, broker.url)
    .replace("a token that may read clicks", broker.token)}</body>`;
}

/** Import statements may stand at the top of a file alone. */
function split(text: string): { readonly imports: string; readonly body: string } {
  const lines = text.split("\n");
  const isImport = (line: string) => line.startsWith("import ");
  return { imports: lines.filter(isImport).join("\n"), body: lines.filter((line) => !isImport(line)).join("\n") };
}

/** Lines that import what a block uses, but for what it imports itself. */
function importLines(text: string, packages: readonly string[]): string {
  const { imports, body } = split(text);
  return packages
    .map((name) => ({ name, used: IMPORTS[name]!.filter((one) => new RegExp(`\\b${one}\\b`).test(body) && !imports.includes(one)) }))
    .filter(({ used }) => used.length > 0)
    .map(({ name, used }) => `import { ${used.join(", ")} } from "${name}";\n`)
    .join("");
}
