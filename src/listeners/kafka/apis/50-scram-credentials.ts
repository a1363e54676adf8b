// DescribeUserScramCredentials (key 50) and AlterUserScramCredentials (51), version 0 (KIP-554): the client salts the password, and what
// follows from it is kept. As in Kafka's ScramControlManager, a request that names a user twice alters nothing of that user, and a user
// gets one answer: its first refusal.

import { errorCode, type Failure, failure, isFailure } from "../../../common/errors.ts";
import { SCRAM_MECHANISM_CODES, type ScramMechanism, wordsOf } from "../../../common/security-words.ts";
import { API } from "../../../protocol/api-keys.ts";
import type { DecodedOf } from "../../../protocol/message.ts";
import { checkIterations } from "../../../security/credential-rules.ts";
import type { UserCredential } from "../../../security/messages.ts";
import { credentialOf } from "../../../security/scram.ts";
import { serve } from "../call.ts";
import { adminOf, outcome } from "./29-acls.ts";

type Upsertion = DecodedOf<typeof API.alterUserScramCredentials.request>["upsertions"][number];

export const describeUserScramCredentials = serve(API.describeUserScramCredentials, { min: 0, max: 0 }, async (call) => {
  const users = await adminOf(call).users();
  if (isFailure(users)) return { throttleTimeMs: 0, ...outcome(users), results: [] };
  const { users: asked } = call.request;
  const names = asked === null || asked.length === 0 ? users.map(({ user }) => user) : asked.map(({ name }) => name);
  const results = names.map((user, index) => {
    const known = users.find((one) => one.user === user);
    const isRepeated = names.indexOf(user) !== index;
    if (known === undefined || isRepeated) {
      const error = isRepeated ? "DUPLICATE_RESOURCE" : "RESOURCE_NOT_FOUND";
      return { user, errorCode: errorCode(error), errorMessage: isRepeated ? "named twice" : "there is no such user", credentialInfos: [] };
    }
    const credentialInfos = known.credentials.map(({ mechanism, iterations }) => ({
      mechanism: SCRAM_MECHANISM_CODES[mechanism],
      iterations,
    }));
    return { user, ...outcome(null), credentialInfos };
  });
  return { throttleTimeMs: 0, ...outcome(null), results };
});

export const alterUserScramCredentials = serve(API.alterUserScramCredentials, { min: 0, max: 0 }, async (call) => {
  const { deletions, upsertions } = call.request;
  const users = new Set([...deletions, ...upsertions].map(({ name }) => name));
  const refused = new Map<string, Failure>();
  const refuse = (user: string, why: Failure): null => {
    if (!refused.has(user)) refused.set(user, why);
    return null;
  };
  const deleted = deletions.flatMap(({ name: user, mechanism: code }) => {
    const mechanism = mechanismOf(code);
    return mechanism === null ? (refuse(user, unknownMechanism(code)) ?? []) : [{ user, mechanism }];
  });
  const read = await Promise.all(upsertions.map(async (one) => ({ user: one.name, credential: await readCredential(one) })));
  const put = read.flatMap(({ user, credential }) => (isFailure(credential) ? (refuse(user, credential) ?? []) : [credential]));
  const isSound = ({ user }: { readonly user: string }): boolean => !refused.has(user);
  const changes = { deletions: deleted.filter(isSound), upsertions: put.filter(isSound) };
  const results = await adminOf(call).alterCredentials(changes.deletions, changes.upsertions);
  for (const [index, { user }] of [...changes.deletions, ...changes.upsertions].entries()) {
    const failed = isFailure(results) ? results : results[index]!;
    if (failed !== null) refuse(user, failed);
  }
  return { throttleTimeMs: 0, results: [...users].map((user) => ({ user, ...outcome(refused.get(user) ?? null) })) };
});

async function readCredential({
  name: user,
  mechanism: code,
  iterations,
  salt,
  saltedPassword,
}: Upsertion): Promise<UserCredential | Failure> {
  const mechanism = mechanismOf(code);
  if (mechanism === null) return unknownMechanism(code);
  const refused = checkIterations(iterations);
  if (refused !== null) return refused;
  if (saltedPassword.length === 0) return failure("UNACCEPTABLE_CREDENTIAL", "the salted password is empty");
  return { user, mechanism, ...(await credentialOf(mechanism, salt, iterations, saltedPassword)) };
}

function mechanismOf(code: number): ScramMechanism | null {
  return wordsOf(SCRAM_MECHANISM_CODES).find((mechanism) => SCRAM_MECHANISM_CODES[mechanism] === code) ?? null;
}

function unknownMechanism(code: number): Failure {
  return failure("UNSUPPORTED_SASL_MECHANISM", `there is no SCRAM mechanism ${code}: 1 is SCRAM-SHA-256, 2 is SCRAM-SHA-512`);
}
