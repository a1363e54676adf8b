// TLS on the ports of `npm start`: kcat and kafkajs over it, with SASL inside, HTTPS, and clients' certificates.

import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { API } from "../../src/protocol/api-keys.ts";
import { type Broker, type BrokerOptions, runStart, startBroker } from "../support/broker.ts";
import { type Certificates, hasOpenssl, makeCertificates } from "../support/certificates.ts";
import { requestFrame } from "../support/kafka-frames.ts";
import { kafkajs } from "../support/kafkajs.ts";
import { hasKcat, runKcat } from "../support/kcat.ts";
import { connect } from "../support/raw-http.ts";

const TOKEN = "a-token";

/** Content type of a record (RFC 8446, 5.1). */
const TLS_ALERT = 21;

let folder: string;
let files: Certificates;

if (!hasOpenssl()) console.error("openssl is not installed: TLS IS NOT TESTED. .ci/run installs it.");

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-tls-"));
  files = makeCertificates(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function startTls(flags: readonly string[] = [], env: BrokerOptions["env"] = { SLUICE_ADMIN_TOKEN: TOKEN }): Promise<Broker> {
  const broker = await startBroker({ env: env!, flags: ["--tls-cert", files.serverCert, "--tls-key", files.serverKey, ...flags] });
  onTestFinished(async () => void (await broker.stop()));
  return broker;
}

const kcatTls = () => ["-X", "security.protocol=ssl", "-X", `ssl.ca.location=${files.ca}`];
const kcatSasl = (token: string) => [
  ...["-X", "security.protocol=sasl_ssl", "-X", `ssl.ca.location=${files.ca}`, "-X", "sasl.mechanisms=PLAIN"],
  ...["-X", "sasl.username=any", "-X", `sasl.password=${token}`],
];

/** The status of GET /v1/topics, as the certificates let it come. */
function getTopics(url: string, tls: { readonly cert?: string; readonly key?: string } = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { ca: readFileSync(files.ca), ...tls, headers: { authorization: `Bearer ${TOKEN}` } };
    request(`${url}/v1/topics`, options, (response) => {
      response.resume();
      resolve(response.statusCode!);
    })
      .on("error", reject)
      .end();
  });
}

describe.skipIf(!process.env.CI && !hasOpenssl())("TLS", () => {
  test("HTTPS and kafkajs with SASL over TLS; what is written by one is read by the other", async () => {
    const broker = await startTls();
    expect(await getTopics(broker.url)).toBe(200);
    const client = new kafkajs.Kafka({
      brokers: [broker.kafkaAddress],
      ssl: { ca: [readFileSync(files.ca)], host: "127.0.0.1", servername: "localhost" },
      sasl: { mechanism: "plain", username: "any", password: TOKEN },
      logLevel: kafkajs.logLevel.NOTHING,
    });
    const producer = client.producer();
    await producer.connect();
    onTestFinished(() => producer.disconnect());
    const [written] = await producer.send({ topic: "secret", messages: [{ value: "over TLS" }] });
    expect(written).toMatchObject({ errorCode: 0, baseOffset: "0" });
  });

  test("a client that speaks no TLS is not served, and harms nobody", async () => {
    const broker = await startTls();
    const plain = await connect(Number(broker.kafkaAddress.split(":")[1]));
    plain.write(requestFrame(API.apiVersions, 0, {}));
    let answered = Buffer.alloc(0);
    for await (const bytes of plain) answered = Buffer.concat([answered, bytes as Buffer]);
    expect(answered[0] ?? TLS_ALERT, "nothing, or TLS's own complaint").toBe(TLS_ALERT);
    expect(await getTopics(broker.url)).toBe(200);
  });

  test("files that do not fit each other are refused before anything starts", async () => {
    const flags = ["--tls-cert", files.serverCert, "--tls-key", files.clientKey];
    const { code, output } = await runStart(["--port", "0", "--kafka-port", "0", "--data", join(folder, "never"), ...flags]);
    expect([code, output]).toEqual([2, expect.stringContaining("is not the key of the certificate")]);
    expect(existsSync(join(folder, "never"))).toBe(false);
  });

  describe.skipIf(!hasKcat())("kcat", () => {
    test("produces and consumes with SASL over TLS, and not with another token", async () => {
      const broker = await startTls();
      await runKcat(["-b", broker.kafkaAddress, ...kcatSasl(TOKEN), "-t", "secret", "-P"], "one\ntwo\n");
      const read = await runKcat(["-b", broker.kafkaAddress, ...kcatSasl(TOKEN), "-t", "secret", "-C", "-e", "-q"]);
      expect(read).toBe("one\ntwo\n");
      await expect(runKcat(["-b", broker.kafkaAddress, ...kcatSasl("wrong"), "-L", "-m", "5"])).rejects.toThrow();
    });

    test("speaks TLS without SASL where no token is set", async () => {
      const broker = await startTls([], {});
      expect(await runKcat(["-b", broker.kafkaAddress, ...kcatTls(), "-L"])).toContain("1 brokers");
    });

    test("with --tls-client-ca only a certificate of that authority is let in, on both ports", async () => {
      const broker = await startTls(["--tls-client-ca", files.ca], {});
      const with_ = (cert: string, key: string) => [
        ...kcatTls(),
        "-X",
        `ssl.certificate.location=${cert}`,
        "-X",
        `ssl.key.location=${key}`,
      ];
      const list = ["-b", broker.kafkaAddress, "-L", "-m", "5"];
      expect(await runKcat([...list, ...with_(files.clientCert, files.clientKey)])).toContain("1 brokers");
      await expect(runKcat([...list, ...with_(files.strangerCert, files.strangerKey)])).rejects.toThrow();
      await expect(runKcat([...list, ...kcatTls()])).rejects.toThrow();
      const pem = { cert: readFileSync(files.clientCert, "utf8"), key: readFileSync(files.clientKey, "utf8") };
      expect(await getTopics(broker.url, pem)).toBe(200);
      await expect(getTopics(broker.url)).rejects.toThrow();
    });
  });
});
