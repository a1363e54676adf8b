// Writes docs/protocol-support.md from the list by which the Kafka listener dispatches: `node scripts/generate-protocol-support.ts`. A
// test checks that the file is what this would write.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { SERVED } from "../src/listeners/kafka/served-apis.ts";
import { APIS } from "../src/protocol/api-keys.ts";

export const PROTOCOL_SUPPORT_FILE = fileURLToPath(new URL("../docs/protocol-support.md", import.meta.url));

/** The file's text. */
export function protocolSupport(): string {
  const rows = SERVED.map(({ api, minVersion, maxVersion, advertisedMinVersion }) => {
    const flexible = api.request.flexible.first <= maxVersion ? `${api.request.flexible.first}+` : "none";
    const note = advertisedMinVersion < minVersion ? `${advertisedMinVersion}-${maxVersion} are advertised` : "";
    return `| ${api.name} | ${api.key} | ${minVersion}-${maxVersion} | ${flexible} | ${note} |`;
  });
  const keys = new Set(SERVED.map(({ api }) => api.key));
  const unserved = APIS.filter(({ key }) => !keys.has(key)).map(({ name, key }) => `${name} (${key})`);
  return `# Kafka protocol support

<!-- Written by scripts/generate-protocol-support.ts from src/listeners/kafka/served-apis.ts: change that, not this. -->

What the Kafka listener serves, and tells clients by ApiVersions. Both encodings are served: older clients (kafkajs, kafka-python) speak
no flexible version, some newer ones (@platformatic/kafka) no other. What each version adds, and what is left out, stands at the top of
the API's file in \`src/listeners/kafka/apis/\`.

| API | key | versions | flexible | |
|---|---|---|---|---|
${rows.join("\n")}

A request in another version, or of another API, closes its connection; ApiVersions alone is answered in version 0, with what is served.
${unserved.length === 0 ? "" : `\nKnown and not served: ${unserved.join(", ")}.\n`}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PROTOCOL_SUPPORT_FILE, protocolSupport());
