// Append of 100 KB record batches over HTTP, 4 in flight, against a bare object that inserts the same bodies into SQLite.
//
//   npm run bench -- append-batches        goal: 0.9 x reference (docs: bench/README.md)

import { buildRequest, load } from "./support/http-load.ts";
import { printTurns, sized, takeTurns } from "./support/rounds.ts";
import { appendRequest, createTopic, randomBatch, withBrokerAndReference } from "./support/setting.ts";

const IN_FLIGHT = 4;
const COUNT = sized(400, 10);

await withBrokerAndReference(async (broker, reference) => {
  await createTopic(broker.url, "append");
  const batch = randomBatch(100, 1000);
  const append = appendRequest("append", batch);
  const insert = buildRequest("POST", "/insert", { body: batch });
  const megabytesPerSecond = async (port: number, request: Buffer) => {
    const { requestsPerSecond } = await load({ port, inFlight: IN_FLIGHT, count: COUNT, request: () => request });
    return (requestsPerSecond * batch.length) / 1e6;
  };
  const figures = await takeTurns({
    "bare insert": () => megabytesPerSecond(reference.port, insert),
    "append of batches": () => megabytesPerSecond(broker.port, append),
  });
  printTurns(`${Math.round(batch.length / 1000)} KB batches, ${IN_FLIGHT} in flight`, "MB/s", figures, "bare insert");
});
