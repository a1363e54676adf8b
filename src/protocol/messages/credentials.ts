// DescribeUserScramCredentials (key 50) and AlterUserScramCredentials (51): who can authenticate by SCRAM (KIP-554). A password never
// travels: the client salts it. `mechanism`: 1 is SCRAM-SHA-256, 2 SCRAM-SHA-512.

import { array, bytes, int8, int16, int32, string } from "../fields.ts";
import { message } from "../message.ts";

export const describeUserScramCredentialsRequest = message("DescribeUserScramCredentialsRequest", "0", "0+", {
  users: array({ name: string() }, { nullable: true }),
});

export const describeUserScramCredentialsResponse = message("DescribeUserScramCredentialsResponse", "0", "0+", {
  throttleTimeMs: int32(),
  errorCode: int16(),
  errorMessage: string({ nullable: true }),
  results: array({
    user: string(),
    errorCode: int16(),
    errorMessage: string({ nullable: true }),
    credentialInfos: array({ mechanism: int8(), iterations: int32() }),
  }),
});

export const alterUserScramCredentialsRequest = message("AlterUserScramCredentialsRequest", "0", "0+", {
  deletions: array({ name: string(), mechanism: int8() }),
  upsertions: array({ name: string(), mechanism: int8(), iterations: int32(), salt: bytes(), saltedPassword: bytes() }),
});

export const alterUserScramCredentialsResponse = message("AlterUserScramCredentialsResponse", "0", "0+", {
  throttleTimeMs: int32(),
  results: array({ user: string(), errorCode: int16(), errorMessage: string({ nullable: true }) }),
});
