// A webhook receiver as a Worker: checks the signature (Standard Webhooks), drops repeats, and answers 204 once it has done its work.
//
// Bind it to the broker and no public URL is needed: in the broker's wrangler.toml
//
//   services = [{ binding = "RECEIVER", service = "my-receiver" }]
//
// and subscribe with {"topics": ["orders"], "url": "binding:RECEIVER/orders"}. Or give it a route and subscribe to its https URL.

interface Env {
  /** `whsec_…`, as the subscription's PUT answered it. During a rotation: both, separated by a space. */
  readonly WEBHOOK_SECRETS: string;
}

interface HookRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
}

/** Signatures that are older could be somebody's who has listened (s). */
const TOLERANCE_S = 300;

/** The next offset of each partition: what is below was done before. A real receiver keeps it where its results are. */
const done = new Map<string, number>();

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const body = await request.text();
    if (!(await isSigned(request.headers, body, env.WEBHOOK_SECRETS.split(" ")))) return new Response("bad signature", { status: 401 });
    const { records } = JSON.parse(body) as { records: HookRecord[] };
    for (const record of records) {
      const partition = `${record.topic}/${record.partition}`;
      if (record.offset < (done.get(partition) ?? 0)) continue; // order "partition": below is done
      console.log(`${partition}/${record.offset}: ${record.key} = ${record.value}`);
      done.set(partition, record.offset + 1);
    }
    return new Response(null, { status: 204 });
  },
};

async function isSigned(headers: Headers, body: string, secrets: readonly string[]): Promise<boolean> {
  const id = headers.get("webhook-id");
  const timestamp = headers.get("webhook-timestamp");
  const isRecent = Math.abs(Date.now() / 1000 - Number(timestamp)) <= TOLERANCE_S; // false for what is no number, too
  if (id === null || !isRecent) return false;
  const signatures = (headers.get("webhook-signature") ?? "").split(" ").filter((one) => /^v1,[A-Za-z0-9+/]{43}=$/.test(one)); // 32 bytes
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
  for (const secret of secrets) {
    const bytes = fromBase64(secret.replace("whsec_", ""));
    const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
    for (const signature of signatures) {
      if (await crypto.subtle.verify("HMAC", key, fromBase64(signature.slice("v1,".length)), signed)) return true;
    }
  }
  return false;
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
