// SCRAM against the example of RFC 7677, and the exchange against clients that are right, wrong, and none at all.

import { describe, expect, test } from "vitest";
import { decodeBase64, encodeBase64 } from "../../../src/common/base64.ts";
import { SCRAM_MECHANISM_CODES, type ScramMechanism, wordsOf } from "../../../src/common/security-words.ts";
import * as scram from "../../../src/security/scram.ts";
import { ScramExchange } from "../../../src/security/scram-exchange.ts";
import "../../support/http.ts"; // workerd's timingSafeEqual
import { clientFinal } from "../../support/scram-client.ts";

const utf8 = new TextEncoder();
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test("the example of RFC 7677 is right to the last byte", async () => {
  const salt = decodeBase64("W22ZaJ0SNY7soEsUEjb6gQ==")!;
  const key = await crypto.subtle.importKey("raw", utf8.encode("pencil"), "PBKDF2", false, ["deriveBits"]);
  const parameters = { name: "PBKDF2", hash: "SHA-256", salt: new Uint8Array(salt), iterations: 4096 };
  const salted = new Uint8Array(await crypto.subtle.deriveBits(parameters, key, 256));
  const credential = await scram.credentialOf("SCRAM-SHA-256", salt, 4096, salted);
  const nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  const auth = `n=user,r=rOprNGfwEbeRWgbNEkqO,r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=${nonce}`;
  const proof = decodeBase64("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")!;
  expect(await scram.isProofOf("SCRAM-SHA-256", credential, auth, proof)).toBe(true);
  expect(await scram.isProofOf("SCRAM-SHA-256", credential, `${auth} `, proof)).toBe(false);
  expect(await scram.isProofOf("SCRAM-SHA-256", credential, auth, new Uint8Array([...proof, 0]))).toBe(false);
  expect(encodeBase64(await scram.serverSignature("SCRAM-SHA-256", credential, auth))).toBe("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
});

describe.each(wordsOf(SCRAM_MECHANISM_CODES))("%s", (mechanism) => {
  test("a password is its credential's, and no other is", async () => {
    const credential = await scram.newCredential(mechanism, "påss,word=", 4096);
    expect(await scram.isPasswordOf(mechanism, credential, "påss,word=")).toBe(true);
    expect(await scram.isPasswordOf(mechanism, credential, "påss,word")).toBe(false);
    const again = await scram.newCredential(mechanism, "påss,word=", 4096);
    expect(again.salt).not.toBe(credential.salt);
  });

  test("an exchange ends with the user's name, and proves the server", async () => {
    const { exchange, credential } = await begin(mechanism);
    const first = await exchange.step(utf8.encode("n,,n=a=2Cb=3Dc,r=abc"));
    expect(first!.user).toBeNull();
    const final = await clientFinal(mechanism, "secret", { gs2: "n,,", bare: "n=a=2Cb=3Dc,r=abc", serverFirst: text(first!.answer) });
    const done = await exchange.step(utf8.encode(final.message));
    expect(done!.user).toBe("a,b=c");
    expect(text(done!.answer)).toBe(`v=${encodeBase64(await scram.serverSignature(mechanism, credential, final.authMessage))}`);
  });

  test("a decoy looks like a credential, is always the same for a name, and no password is its", async () => {
    const decoy = (name: string, secret = "s") => scram.decoyCredential(mechanism, secret, name, 4096);
    const real = await scram.newCredential(mechanism, "x", 4096);
    const one = await decoy("nobody");
    for (const part of ["salt", "storedKey", "serverKey"] as const) expect(one[part]).toHaveLength(real[part].length);
    expect(await decoy("nobody")).toEqual(one);
    expect((await decoy("other")).salt).not.toBe(one.salt);
    expect((await decoy("nobody", "t")).salt).not.toBe(one.salt);
    expect(await scram.isPasswordOf(mechanism, one, "x")).toBe(false);
  });
});

async function begin(mechanism: ScramMechanism) {
  const credential = await scram.newCredential(mechanism, "secret", 4096);
  const decoy = await scram.decoyCredential(mechanism, "s", "nobody", 4096);
  const exchange = new ScramExchange(mechanism, async (user) => (user === "nobody" ? decoy : credential));
  return { exchange, credential };
}

describe("an exchange is refused", () => {
  test.each([
    "",
    "n=user,r=abc",
    "p=tls-unique,,n=user,r=abc",
    "n,,m=ext,n=user,r=abc",
    "n,,n=us=er,r=abc",
    "n,,n=user,r=a c",
    "n,,n=user,r=",
    "n,a=other,n=user,r=abc",
    "n,,n=us\0er,r=abc",
  ])("at its first message %j", async (message) => {
    const { exchange } = await begin("SCRAM-SHA-256");
    expect(await exchange.step(utf8.encode(message))).toBeNull();
  });

  const GOOD = { user: "user", password: "secret", gs2: "n,,", edit: (message: string) => message };
  test.each([
    ["a wrong password", { password: "wrong" }],
    ["a user that there is not", { user: "nobody" }],
    ["another channel binding than was begun with", { gs2: "y,," }],
    ["another nonce", { edit: (message: string) => message.replace("r=abc", "r=abd") }],
    ["the client's nonce alone", { edit: (message: string) => message.replace(/r=[^,]+/, "r=abc") }],
    ["a proof that is no base64", { edit: (message: string) => message.replace(/p=.*/, "p=!") }],
    ["no proof", { edit: (message: string) => message.replace(/,p=.*/, "") }],
  ])("at its last message with %s", async (_, changes) => {
    const { user, password, gs2, edit } = { ...GOOD, ...changes };
    const { exchange } = await begin("SCRAM-SHA-256");
    const first = await exchange.step(utf8.encode(`n,,n=${user},r=abc`));
    const final = await clientFinal("SCRAM-SHA-256", password, { gs2, bare: `n=${user},r=abc`, serverFirst: text(first!.answer) });
    expect(await exchange.step(utf8.encode(edit(final.message)))).toBeNull();
  });

  test("never where a client repeats its own nonce, as librdkafka before 2.6.1 does", async () => {
    const { exchange } = await begin("SCRAM-SHA-256");
    const first = await exchange.step(utf8.encode("n,,n=user,r=abc"));
    const context = { gs2: "n,,", bare: "n=user,r=abc", serverFirst: text(first!.answer), noncePrefix: "abc" };
    const final = await clientFinal("SCRAM-SHA-256", "secret", context);
    expect((await exchange.step(utf8.encode(final.message)))!.user).toBe("user");
  });
});
