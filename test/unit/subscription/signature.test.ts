// The signatures hold for the receivers' own libraries: standardwebhooks and svix.

import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { expect, test } from "vitest";
import { isFailure } from "../../../src/common/errors.ts";
import { checkSecret, makeSecret, rotate, secretKey, validSecrets } from "../../../src/subscription/secrets.ts";
import { signText } from "../../support/webhook-senders.ts";

const newSecret = () => makeSecret((count) => crypto.getRandomValues(new Uint8Array(count)));
const BODY = JSON.stringify({ subscription: "s", records: [{ key: "ключ", value: "\u2603" }] });

/** Headers as each library calls them. */
const svixHeaders = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.replace("webhook-", "svix-"), value]));

test("standardwebhooks and svix take what is signed, and nothing that was changed", async () => {
  const secret = newSecret();
  const headers = await signText(BODY, "orders.v1/0/4-9", [secret]);
  expect(new StandardWebhook(secret).verify(BODY, headers)).toEqual(JSON.parse(BODY));
  for (const named of [headers, svixHeaders(headers)]) {
    expect(() => new SvixWebhook(secret).verify(BODY, named)).not.toThrow();
    expect(() => new SvixWebhook(secret).verify(`${BODY} `, named)).toThrow();
  }

  const refused = (body: string, changes: Record<string, string>, key = secret) =>
    expect(() => new StandardWebhook(key).verify(body, { ...headers, ...changes })).toThrow();
  refused(`${BODY} `, {});
  refused(BODY, { "webhook-id": "orders.v1/0/4-8" });
  refused(BODY, { "webhook-timestamp": String(Number(headers["webhook-timestamp"]) + 1) });
  refused(BODY, {}, newSecret());
});

test("during a rotation calls hold for whoever knows the old secret and for whoever knows the new one", async () => {
  const [before, after] = [newSecret(), newSecret()];
  const rotated = rotate({ current: before, previous: null }, after, 1_000);
  const signed = await signText(BODY, "id", validSecrets(rotated, 999));
  expect(signed["webhook-signature"]!.split(" ")).toHaveLength(2);
  for (const secret of [before, after]) expect(new StandardWebhook(secret).verify(BODY, signed)).toBeTruthy();

  const over = await signText(BODY, "id", validSecrets(rotated, 1_000));
  expect(new StandardWebhook(after).verify(BODY, over)).toBeTruthy();
  expect(() => new StandardWebhook(before).verify(BODY, over)).toThrow();
});

test("a third secret ends the first one's time, and the same secret again changes nothing", () => {
  const two = rotate({ current: "a", previous: null }, "b", 10);
  expect(validSecrets(rotate(two, "c", 20), 5)).toEqual(["c", "b"]);
  expect(rotate({ current: "a", previous: null }, "a", 10)).toEqual({ current: "a", previous: null });
});

test("a secret is whsec_ and the base64 of 24 to 64 bytes", () => {
  const secretOf = (count: number) => `whsec_${btoa("x".repeat(count))}`;
  expect(secretKey(newSecret())).toHaveLength(32);
  for (const good of [newSecret(), secretOf(24), secretOf(64)]) expect(checkSecret(good)).toBeNull();
  for (const bad of ["", "whsec_", "abc", secretOf(23), secretOf(65), `whsec_${"*".repeat(40)}`, btoa("x".repeat(32))]) {
    const refused = checkSecret(bad);
    expect(refused !== null && isFailure(refused), bad).toBe(true);
    if (bad !== "" && bad !== "whsec_") expect(refused!.detail).not.toContain(bad);
  }
});
