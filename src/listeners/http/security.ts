// /v1/users, /v1/tokens, /v1/acls and /v1/quotas.

import { SecurityAdmin } from "../../broker/security-admin.ts";
import { type failure, isFailure } from "../../common/errors.ts";
import { SCRAM_MECHANISM_CODES, wordsOf } from "../../common/security-words.ts";
import * as contract from "../../contract/security.ts";
import type { z } from "../../contract/zod.ts";
import { tokenPrincipal, userPrincipal } from "../../security/identity.ts";
import { answer, noContent } from "./answer.ts";
import type { Call } from "./call.ts";
import { defined } from "./defined.ts";
import { ProblemError, refusal, refuse, requireResult } from "./problem.ts";
import { aclsOf } from "./rights.ts";
import { validBody } from "./validate.ts";

type UserParams = z.output<(typeof contract.putUser)["params"]>;
type TokenParams = z.output<(typeof contract.deleteToken)["params"]>;
type AclQuery = z.output<(typeof contract.listAcls)["query"]>;

/** Fields of these bodies have no errors of their own. */
const NO_FIELD_ERRORS = {};

const ALL_MECHANISMS = wordsOf(SCRAM_MECHANISM_CODES);

function adminOf({ security, access }: Pick<Call, "security" | "access">): SecurityAdmin {
  return new SecurityAdmin(security, access);
}

export async function listUsers(call: Call): Promise<Response> {
  return answer(call, { users: requireResult(await adminOf(call).users()) });
}

export async function putUser(call: Call<UserParams>): Promise<Response> {
  const {
    password,
    mechanisms = ALL_MECHANISMS,
    iterations,
    rights,
  } = await validBody(call.request, contract.putUserBody, NO_FIELD_ERRORS);
  const { user } = call.params;
  const acls = rights && aclsOf(userPrincipal(user), rights);
  requireNothing(await adminOf(call).putUser({ user, password, mechanisms: [...new Set(mechanisms)], iterations, acls }));
  return noContent();
}

export async function describeUser(call: Call<UserParams>): Promise<Response> {
  return answer(call, requireResult(await adminOf(call).user(call.params.user)));
}

export async function deleteUser(call: Call<UserParams>): Promise<Response> {
  requireNothing(await adminOf(call).deleteUser(call.params.user));
  return noContent();
}

export async function listTokens(call: Call): Promise<Response> {
  const tokens = requireResult(await adminOf(call).tokens());
  return answer(call, {
    tokens: tokens.map(({ name, createdAtMs, expiresAtMs, acls }) => ({ name, createdAt: createdAtMs, expiresAt: expiresAtMs, acls })),
  });
}

export async function createToken(call: Call): Promise<Response> {
  const { name, rights, expiresAt } = await validBody(call.request, contract.createTokenBody, NO_FIELD_ERRORS);
  const acls = rights === undefined ? [] : aclsOf(tokenPrincipal(name), rights);
  const token = requireResult(await adminOf(call).createToken({ name, expiresAtMs: expiresAt, acls }));
  const body = { name, createdAt: token.createdAtMs, expiresAt: token.expiresAtMs, token: token.text };
  return answer(call, body, 201, { location: `/v1/tokens/${encodeURIComponent(name)}` });
}

export async function deleteToken(call: Call<TokenParams>): Promise<Response> {
  requireNothing(await adminOf(call).deleteToken(call.params.token));
  return noContent();
}

export async function listAcls(call: Call<object, AclQuery>): Promise<Response> {
  return answer(call, { acls: requireResult(await adminOf(call).acls(call.query)) });
}

export async function createAcls(call: Call): Promise<Response> {
  const { acls } = await validBody(call.request, contract.createAclsBody, NO_FIELD_ERRORS);
  const results = requireResult(await adminOf(call).createAcls(acls));
  const refused = results.filter((result) => result !== null);
  if (refused.length === results.length) throw new ProblemError(refused[0]!);
  return answer(call, { results: results.map((result) => refusal(result ?? undefined)) });
}

export async function deleteAcls(call: Call<object, AclQuery>): Promise<Response> {
  if (Object.keys(defined(call.query)).length === 0)
    throw refuse("INVALID_REQUEST", "The query names no ACL: it must say which to delete.");
  const [deleted = []] = requireResult(await adminOf(call).deleteAcls([call.query]));
  return answer(call, { acls: deleted });
}

export async function listQuotas(call: Call): Promise<Response> {
  const quotas = requireResult(await adminOf(call).quotas());
  return answer(call, { quotas: quotas.map(({ entity, values }) => ({ ...entity, values })) });
}

export async function setQuota(call: Call): Promise<Response> {
  const { values, ...entity } = await validBody(call.request, contract.setQuotaBody, NO_FIELD_ERRORS);
  const [refused = null] = requireResult(await adminOf(call).alterQuotas([{ entity: defined(entity), values }], false));
  requireNothing(refused);
  return noContent();
}

function requireNothing(refused: ReturnType<typeof failure> | null): void {
  if (refused !== null && isFailure(refused)) throw new ProblemError(refused);
}
