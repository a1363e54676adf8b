// The README's tour works as it is written, from the first command to the last.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { type Broker, startBroker } from "../support/broker.ts";
import { hasKcat } from "../support/kcat.ts";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

/** The tour's commands, with the waits cut short. */
function tourCommands(): string[] {
  const commands = readme.split("\n").filter((line) => /^(curl|kcat) /.test(line) && (hasKcat() || !line.startsWith("kcat")));
  return commands.map((line) => line.replace("maxWaitMs=30000", "maxWaitMs=1").replace(/^curl -N/, "curl -N --max-time 1"));
}

async function run(command: string, { url, kafkaAddress }: Broker): Promise<string> {
  const script = command.replace(/^curl/, "curl --fail-with-body --silent --show-error").replace("127.0.0.1:9092", kafkaAddress);
  const result = promisify(execFile)("bash", ["-c", script], { env: { ...process.env, B: url } });
  // A live tail has no end: curl's code 28 says that --max-time cut it off.
  const { stdout } = await result.catch((error) => (command.includes("--max-time") && error.code === 28 ? error : Promise.reject(error)));
  return stdout as string;
}

test("every command of the tour is answered, and what was written is read", async () => {
  const broker = await startBroker();
  onTestFinished(async () => {
    await broker.stop();
  });
  const answers = new Map<string, string>();
  for (const command of tourCommands()) answers.set(command, await run(command, broker));
  const answerTo = (part: string): string => [...answers].find(([command]) => command.includes(part))![1];
  expect(JSON.parse(answerTo('{"name"'))).toMatchObject({ name: "clicks", partitions: 3 });
  expect(readme).toContain(`# ${answerTo('{"records"')}: `);
  expect((JSON.parse(answerTo("offset=earliest")) as { records: unknown[] }).records).toHaveLength(2);
  expect(JSON.parse(answerTo("/offsets?topic"))).toMatchObject({ offsets: [{ offset: 2, lag: 0 }] });
  if (hasKcat()) expect(answerTo("kcat ")).toBe('{"page":"/"}\n{"page":"/docs"}\n');
});
