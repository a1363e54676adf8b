// Which names, passwords and SCRAM credentials there may be (Kafka's ScramControlManager).

import { type Failure, failure } from "../common/errors.ts";
import {
  MAX_PASSWORD_LENGTH,
  MAX_SCRAM_ITERATIONS,
  MAX_SCRAM_SALT_LENGTH,
  MAX_USER_NAME_LENGTH,
  MIN_SCRAM_ITERATIONS,
} from "../common/limits/security.ts";
import type { UserCredential } from "./messages.ts";

/** Why nobody can have the name, or null. @param owner what it is the name of, for the error */
export function checkName(owner: string, name: string): Failure | null {
  const refuse = (reason: string) => failure("UNACCEPTABLE_CREDENTIAL", `the name of ${owner} ${reason}`);
  if (name === "") return refuse("is empty");
  if (name.length > MAX_USER_NAME_LENGTH) return refuse(`is longer than ${MAX_USER_NAME_LENGTH} characters`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return /[\x00-\x1f\x7f]/.test(name) ? refuse("has control characters") : null;
}

export function checkCredential({ user, iterations, salt }: UserCredential): Failure | null {
  if (salt === "") return failure("UNACCEPTABLE_CREDENTIAL", "the salt is empty");
  if (salt.length > MAX_SCRAM_SALT_LENGTH)
    return failure("UNACCEPTABLE_CREDENTIAL", `the salt has more than ${MAX_SCRAM_SALT_LENGTH} base64 characters`);
  return checkName("a user", user) ?? checkIterations(iterations);
}

export function checkIterations(iterations: number): Failure | null {
  if (iterations >= MIN_SCRAM_ITERATIONS && iterations <= MAX_SCRAM_ITERATIONS) return null;
  return failure("UNACCEPTABLE_CREDENTIAL", `iterations must be ${MIN_SCRAM_ITERATIONS} to ${MAX_SCRAM_ITERATIONS}, not ${iterations}`);
}

export function checkPassword(password: string): Failure | null {
  if (password.length > 0 && password.length <= MAX_PASSWORD_LENGTH) return null;
  return failure("UNACCEPTABLE_CREDENTIAL", `a password has 1 to ${MAX_PASSWORD_LENGTH} characters`);
}
