// Signatures of inbound webhooks against what their schemes' owners publish, and against the libraries that senders use.

import "../../support/web-crypto.ts";
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { expect, test } from "vitest";
import { isFailure } from "../../../src/common/errors.ts";
import { checkClaim, checkSignature } from "../../../src/ingest/signature/verify.ts";
import type { HmacScheme, SignatureScheme } from "../../../src/ingest/source.ts";

const MINUTE_MS = 60_000;

interface Signed {
  readonly scheme: SignatureScheme;
  readonly secrets: readonly string[];
  readonly headers: Record<string, string>;
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly nowMs: number;
}

/** null, or why it is refused. */
async function verdict({ scheme, secrets, headers, body, nowMs }: Signed): Promise<string | null> {
  const claim = checkClaim(scheme, { toleranceMs: 5 * MINUTE_MS }, new Headers(headers), nowMs);
  if (isFailure(claim)) return claim.detail;
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  return (await checkSignature(claim, scheme, secrets, bytes))?.detail ?? null;
}

/** docs.github.com, "Validating webhook deliveries", "Testing the webhook payload validation". */
const GITHUB: Signed = {
  scheme: { scheme: "github" },
  secrets: ["It's a Secret to Everybody"],
  headers: { "X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17" },
  body: "Hello, World!",
  nowMs: 0,
};

/** docs.slack.dev, "Verifying requests from Slack", the example of a slash command. */
const SLACK: Signed = {
  scheme: { scheme: "slack" },
  secrets: ["8f742231b10e8888abcd99yyyzzz85a5"],
  headers: {
    "X-Slack-Request-Timestamp": "1531420618",
    "X-Slack-Signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
  },
  body: [
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar",
    "&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=",
    "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN",
    "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
  ].join(""),
  nowMs: 1_531_420_618_000,
};

const STRIPE_EVENT = `${JSON.stringify(
  {
    ...{ id: "evt_123", object: "event", account: "acct_123", api_version: "2017-05-25", created: 1533204620 },
    data: { object: { id: "cus_123", object: "customer", created: 123456789, email: "test@stripe.com", livemode: false, metadata: {} } },
    ...{ livemode: false, pending_webhooks: 1, request: { id: "req_123", idempotency_key: "idempotency-key-123" } },
    type: "customer.created",
  },
  null,
  2,
)}\n`;

/** github.com/stripe/stripe-dotnet: StripeTests/Infrastructure/EventUtilityTest.cs with Resources/event_test_signature.json. */
const STRIPE: Signed = {
  scheme: { scheme: "stripe" },
  secrets: ["webhook_secret"],
  headers: {
    "Stripe-Signature":
      "t=1533204620,v1=2220f87ef101a04665f11cdf770523143f875572008577fa0f20882ddb9cc3c7,v0=63f3a72374a733066c4be69ed7f8e5ac85c22c9f0a6a612ab9a025a9e4ee7eef",
  },
  body: STRIPE_EVENT,
  nowMs: 1_533_204_720_000,
};

/** github.com/standard-webhooks/standard-webhooks: the vector of its libraries' tests. */
const STANDARD: Signed = {
  scheme: { scheme: "standard" },
  secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
  headers: {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  },
  body: '{"test": 2432232314}',
  nowMs: 1_614_265_330_000,
};

/** github.com/svix/svix-webhooks, the server's test of asymmetric signatures: this seed signs the message above so. */
const ED25519_SEED = "6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc=";
const ED25519_SIGNATURE = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";

/** Of a private key: `whpk_…`. */
function publicKeyOf(privateKey: ReturnType<typeof createPrivateKey>): string {
  const { x } = createPublicKey(privateKey).export({ format: "jwk" });
  return `whpk_${Buffer.from(x!, "base64url").toString("base64")}`;
}

const seedKey = createPrivateKey({
  key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.from(ED25519_SEED, "base64")]),
  ...{ format: "der", type: "pkcs8" },
});
const ASYMMETRIC: Signed = {
  ...STANDARD,
  secrets: [publicKeyOf(seedKey)],
  headers: { ...STANDARD.headers, "webhook-signature": ED25519_SIGNATURE },
};

const PUBLISHED = { GITHUB, SLACK, STRIPE, STANDARD, ASYMMETRIC };

test.each(Object.entries(PUBLISHED))("takes the published vector of %s, and nothing that was changed", async (_, signed) => {
  expect(await verdict(signed)).toBeNull();
  expect(await verdict({ ...signed, body: `${signed.body} ` })).toContain("does not match");
  const other = signed === ASYMMETRIC ? publicKeyOf(generateKeyPairSync("ed25519").privateKey) : "whsec_AAAAr8GKYqrTwjUPD8ILPZIo2LaLaSw0";
  expect(await verdict({ ...signed, secrets: [other] })).toContain("does not match");
  expect(await verdict({ ...signed, secrets: [other, ...signed.secrets] })).toBeNull();
  expect(await verdict({ ...signed, secrets: [] })).toContain("does not match");
  for (const name of Object.keys(signed.headers)) {
    const { [name]: _gone, ...headers } = signed.headers;
    expect(await verdict({ ...signed, headers })).toContain(`${name.toLowerCase()} is missing`);
  }
});

test.each([SLACK, STRIPE, STANDARD, ASYMMETRIC])(
  "a signed time is believed within the tolerance, before and after ($scheme.scheme)",
  async (signed) => {
    const signedAtMs = signed === STRIPE ? 1_533_204_620_000 : signed.nowMs;
    for (const sign of [-1, 1]) {
      expect(await verdict({ ...signed, nowMs: signedAtMs + sign * 5 * MINUTE_MS })).toBeNull();
      expect(await verdict({ ...signed, nowMs: signedAtMs + sign * (5 * MINUTE_MS + 1) })).toContain("more than 300000 ms");
    }
  },
);

test("the libraries of Standard Webhooks and of Svix sign what is taken, under either name of the headers", async () => {
  const secret = STANDARD.secrets[0]!;
  const body = JSON.stringify({ type: "contact.created", name: "Żółć" });
  const at = new Date(1_700_000_000_000);
  const seconds = String(at.getTime() / 1_000);
  const byStandard = {
    "webhook-id": "a",
    "webhook-timestamp": seconds,
    "webhook-signature": new StandardWebhook(secret).sign("a", at, body),
  };
  const bySvix = { "svix-id": "b", "svix-timestamp": seconds, "svix-signature": new SvixWebhook(secret).sign("b", at, body) };
  for (const headers of [byStandard, bySvix]) {
    const signed = { ...STANDARD, headers, body, nowMs: at.getTime() };
    expect(await verdict(signed)).toBeNull();
    expect(await verdict({ ...signed, body: body.toUpperCase() })).toContain("does not match");
  }
  expect(await verdict({ ...STANDARD, headers: { ...byStandard, "webhook-id": "c" }, body, nowMs: at.getTime() })).toContain(
    "does not match",
  );
});

test("one signature of several is enough, whatever the others are", async () => {
  const standard = (list: string) => verdict({ ...STANDARD, headers: { ...STANDARD.headers, "webhook-signature": list } });
  const right = STANDARD.headers["webhook-signature"]!;
  const wrong = `v1,${btoa("x".repeat(32))}`;
  expect(await standard(`${wrong} v2,abc v1,*** ${ED25519_SIGNATURE} ${right}`)).toBeNull();
  expect(await standard(`${wrong} ${wrong}`)).toContain("does not match");
  expect(await standard(right.replace("v1,", "v2,"))).toContain("no signature of the form");
  expect(await standard(Array(9).fill(right).join(" "))).toContain("9 signatures");

  const [, mac] = /v1=([0-9a-f]+)/.exec(STRIPE.headers["Stripe-Signature"]!)!;
  const stripe = (header: string) => verdict({ ...STRIPE, headers: { "Stripe-Signature": header } });
  expect(await stripe(`t=1533204620, v1=${"0".repeat(64)}, v1=${mac}`)).toBeNull();
  expect(await stripe(`t=1533204620,v0=${mac}`)).toContain("no signature of the form");
  expect(await stripe(`t=1533204620,t=1,v1=${mac}`)).toContain("one timestamp");
});

test("an Ed25519 signature is checked with public keys alone, an HMAC with secrets alone", async () => {
  const both = { ...STANDARD.headers, "webhook-signature": `${STANDARD.headers["webhook-signature"]} ${ED25519_SIGNATURE}` };
  expect(await verdict({ ...ASYMMETRIC, headers: both })).toBeNull();
  expect(await verdict({ ...STANDARD, headers: both })).toBeNull();
  expect(await verdict({ ...ASYMMETRIC, headers: STANDARD.headers })).toContain("does not match");
  expect(await verdict({ ...STANDARD, headers: ASYMMETRIC.headers })).toContain("does not match");
  const short = sign(null, Buffer.from("x"), seedKey).subarray(0, 40).toString("base64");
  expect(await verdict({ ...ASYMMETRIC, headers: { ...STANDARD.headers, "webhook-signature": `v1a,${short}` } })).toContain(
    "does not match",
  );
});

test.each(["sha1", "sha256", "sha512"] as const)("a plain HMAC by %s, in hex or base64, with or without a prefix", async (algorithm) => {
  const body = new Uint8Array([0, 255, 10, 13, 200]);
  for (const encoding of ["hex", "base64"] as const) {
    for (const prefix of ["", `${algorithm}=`]) {
      const scheme: HmacScheme = { scheme: "hmac", header: "x-signature", algorithm, encoding, prefix };
      const value = prefix + createHmac(algorithm, "s3cret").update(body).digest(encoding);
      const signed = { scheme, secrets: ["s3cret"], headers: { "X-Signature": value }, body, nowMs: 0 };
      expect(await verdict(signed)).toBeNull();
      expect(await verdict({ ...signed, body: body.slice(1) })).toContain("does not match");
      expect(await verdict({ ...signed, headers: { "X-Signature": `?${value}` } })).not.toBeNull();
    }
  }
});

test.each(Object.entries(PUBLISHED))(
  "malformed headers of %s are refused with a reason, and never told what was expected",
  async (_, signed) => {
    const malformed = [
      "",
      ",",
      "=",
      "v1",
      "v1,",
      "t=",
      "t=x,v1=y",
      "sha256=",
      "sha256=zz",
      "v0=",
      "v0=abc",
      "\u00ff".repeat(50),
      "1e3",
      "-1",
      "9".repeat(300),
    ];
    for (const name of Object.keys(signed.headers).filter((header) => header !== "webhook-id")) {
      for (const value of malformed) {
        const reason = await verdict({ ...signed, headers: { ...signed.headers, [name]: value } });
        expect(reason, `${name}: ${value}`).not.toBeNull();
        for (const secret of signed.secrets) expect(reason).not.toContain(secret);
      }
    }
  },
);
