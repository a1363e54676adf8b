// DescribeAcls (key 29), CreateAcls (30) and DeleteAcls (31), versions 0-3. Each creation and each filter succeeds or fails on its own. Not
// here: resources of the types DELEGATION_TOKEN and USER, and ACLs for single hosts.

import { SecurityAdmin } from "../../../broker/security-admin.ts";
import { errorCode, type Failure, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import type { AclBinding, AclFilter } from "../../../security/acl.ts";
import { decodeAcl, decodeAclFilter, encodeAcl } from "../acl-codes.ts";
import { type Call, serve } from "../call.ts";

export function adminOf({ security, session }: Pick<Call<unknown>, "security" | "session">): SecurityAdmin {
  return new SecurityAdmin(security, session.access);
}

/** The two fields that every answer of these APIs has. */
export function outcome(refused: Failure | null) {
  return { errorCode: refused === null ? 0 : errorCode(refused.error), errorMessage: refused?.detail ?? null };
}

export const describeAcls = serve(API.describeAcls, { min: 0, max: 3 }, async (call) => {
  const filter = decodeAclFilter(call.request);
  const bindings = isFailure(filter) ? filter : await adminOf(call).acls(filter);
  if (isFailure(bindings)) return { throttleTimeMs: 0, ...outcome(bindings), resources: [] };
  const byPattern = Map.groupBy(
    bindings,
    ({ resourceType, resourceName, patternType }) => `${resourceType} ${patternType} ${resourceName}`,
  );
  const resources = [...byPattern.values()].map((group) => {
    const acls = group.map(encodeAcl);
    const { resourceType, resourceName, patternType } = acls[0]!;
    return { resourceType, resourceName, patternType, acls };
  });
  return { throttleTimeMs: 0, ...outcome(null), resources };
});

export const createAcls = serve(API.createAcls, { min: 0, max: 3 }, async (call) => {
  const decoded = call.request.creations.map((one) => decodeAcl({ ...one, patternType: one.resourcePatternType }));
  const created = await adminOf(call).createAcls(decoded.filter((one): one is AclBinding => !isFailure(one)));
  const results = isFailure(created) ? null : created.values();
  return {
    throttleTimeMs: 0,
    results: decoded.map((one) => outcome(isFailure(created) ? created : isFailure(one) ? one : (results!.next().value ?? null))),
  };
});

export const deleteAcls = serve(API.deleteAcls, { min: 0, max: 3 }, async (call) => {
  const decoded = call.request.filters.map(decodeAclFilter);
  const deleted = await adminOf(call).deleteAcls(decoded.filter((one): one is AclFilter => !isFailure(one)));
  const results = isFailure(deleted) ? null : deleted.values();
  const filterResults = decoded.map((one) => {
    const refused = isFailure(deleted) ? deleted : isFailure(one) ? one : null;
    const matching = refused === null ? results!.next().value! : [];
    return { ...outcome(refused), matchingAcls: matching.map((binding) => ({ ...outcome(null), ...encodeAcl(binding) })) };
  });
  return { throttleTimeMs: 0, filterResults };
});
