// Users, tokens, ACLs and quotas. ACLs are Kafka's; `rights` is a short form of the usual ones.

import {
  MAX_PASSWORD_LENGTH,
  MAX_PRINCIPAL_LENGTH,
  MAX_RESOURCE_NAME_LENGTH,
  MAX_SCRAM_ITERATIONS,
  MAX_SECURITY_CHANGES,
  MAX_USER_NAME_LENGTH,
  MIN_SCRAM_ITERATIONS,
} from "../common/limits/security.ts";
import {
  OPERATIONS,
  PATTERN_TYPES,
  PERMISSIONS,
  QUOTA_KEYS,
  RESOURCE_TYPES,
  SCRAM_MECHANISM_CODES,
  wordsOf,
} from "../common/security-words.ts";
import { bothTypes, none, requestBody } from "./bodies.ts";
import { refusalFields, timestamp } from "./fields.ts";
import { type Operation, operation } from "./operation.ts";
import { z } from "./zod.ts";

const userName = z
  .string()
  .min(1)
  .max(MAX_USER_NAME_LENGTH)
  .meta({ description: "User name.", examples: ["alice"] });
const tokenName = z
  .string()
  .min(1)
  .max(MAX_USER_NAME_LENGTH)
  .meta({ description: "What the token is called.", examples: ["ci"] });
const mechanism = z.enum(wordsOf(SCRAM_MECHANISM_CODES));
const prefixes = (of: string) =>
  z
    .array(z.string().min(1).max(MAX_RESOURCE_NAME_LENGTH))
    .max(100)
    .optional()
    .meta({ description: `Beginnings of the names of ${of}; all of them where absent, none where empty.` });

const rights = z
  .strictObject({
    role: z.enum(["admin", "read", "write", "readwrite"]).meta({
      description:
        "`read`: READ on topics and groups. `write`: WRITE on topics and transactional ids. `readwrite`: both. `admin`: everything; the prefixes do not count.",
    }),
    topics: prefixes("topics"),
    groups: prefixes("groups"),
    transactionalIds: prefixes("transactional ids"),
  })
  .meta({ id: "Rights", description: "Turned into ACLs of the user or token when it is made." });

export type Rights = z.infer<typeof rights>;

const acl = z
  .strictObject({
    resourceType: z.enum(wordsOf(RESOURCE_TYPES)),
    resourceName: z.string().min(1).max(MAX_RESOURCE_NAME_LENGTH).meta({ description: "`*` as a literal name: every one." }),
    patternType: z.enum(wordsOf(PATTERN_TYPES)).default("LITERAL"),
    principal: z.string().max(MAX_PRINCIPAL_LENGTH).meta({ description: "`User:alice`, `Token:ci`, `User:*` for everybody." }),
    host: z.literal("*").default("*").meta({ description: "Any; single hosts are not supported." }),
    operation: z.enum(wordsOf(OPERATIONS)),
    permission: z.enum(wordsOf(PERMISSIONS)).default("ALLOW"),
  })
  .meta({ id: "Acl" });

const EXAMPLE_ACL = {
  ...{ resourceType: "TOPIC", resourceName: "orders", patternType: "PREFIXED", principal: "User:alice", host: "*" },
  ...{ operation: "READ", permission: "ALLOW" },
} as const;

const scramCredential = z.strictObject({ mechanism, iterations: z.int() });
const listedUser = z.strictObject({ user: userName, credentials: z.array(scramCredential) }).meta({ id: "User" });
const EXAMPLE_USER = { user: "alice", credentials: [{ mechanism: "SCRAM-SHA-256", iterations: MIN_SCRAM_ITERATIONS }] };

const userParams = z.strictObject({ user: userName });

export const putUserBody = z
  .strictObject({
    password: z.string().min(1).max(MAX_PASSWORD_LENGTH),
    mechanisms: z.array(mechanism).min(1).optional().meta({ description: "How it can be shown by SASL; both where absent." }),
    iterations: z
      .int()
      .min(MIN_SCRAM_ITERATIONS)
      .max(MAX_SCRAM_ITERATIONS)
      .default(MIN_SCRAM_ITERATIONS)
      .meta({ description: "Of PBKDF2: more make a password slower to guess, and each connection slower to open." }),
    rights: rights.optional().meta({ description: "Replace all ACLs of the user; they stay as they are where absent." }),
  })
  .meta({ id: "PutUser" });

export const listUsers = operation({
  ...{ id: "listUsers", method: "GET", path: "/v1/users", tag: "Security" },
  summary: "List users",
  params: none,
  query: none,
  answers: {
    200: { description: "All of them.", content: bothTypes(z.strictObject({ users: z.array(listedUser) }), { users: [EXAMPLE_USER] }) },
  },
  errors: ["CLUSTER_AUTHORIZATION_FAILED"],
});

export const putUser = operation({
  ...{ id: "putUser", method: "PUT", path: "/v1/users/{user}", tag: "Security" },
  summary: "Make a user, or give one another password",
  description: "A new user without `rights` may do nothing until there are ACLs for it. Connections that are open stay open.",
  params: userParams,
  query: none,
  body: requestBody(putUserBody, { password: "correct horse", rights: { role: "read", topics: ["orders"] } }),
  answers: { 204: { description: "Done." } },
  errors: ["CLUSTER_AUTHORIZATION_FAILED", "UNACCEPTABLE_CREDENTIAL", "POLICY_VIOLATION"],
});

export const describeUser = operation({
  ...{ id: "describeUser", method: "GET", path: "/v1/users/{user}", tag: "Security" },
  summary: "Describe a user and what it may do",
  params: userParams,
  query: none,
  answers: {
    200: {
      description: "The user. Its password is stored nowhere.",
      content: bothTypes(listedUser.extend({ acls: z.array(acl) }).meta({ id: "DescribedUser" }), { ...EXAMPLE_USER, acls: [EXAMPLE_ACL] }),
    },
  },
  errors: ["CLUSTER_AUTHORIZATION_FAILED", "RESOURCE_NOT_FOUND"],
});

export const deleteUser = operation({
  ...{ id: "deleteUser", method: "DELETE", path: "/v1/users/{user}", tag: "Security" },
  summary: "Delete a user and its ACLs",
  description: "Connections that are open stay open, without rights.",
  params: userParams,
  query: none,
  answers: { 204: { description: "Deleted." } },
  errors: ["CLUSTER_AUTHORIZATION_FAILED", "RESOURCE_NOT_FOUND"],
});

const expiresAt = timestamp.nullable().meta({ description: "Milliseconds since the Unix epoch; null: never." });
const tokenFields = { name: tokenName, createdAt: timestamp, expiresAt };
const EXAMPLE_TOKEN = { name: "ci", createdAt: 1760000000000, expiresAt: null };

export const createTokenBody = z
  .strictObject({ name: tokenName, rights: rights.optional(), expiresAt: expiresAt.default(null) })
  .meta({ id: "CreateToken" });

export const listTokens = operation({
  ...{ id: "listTokens", method: "GET", path: "/v1/tokens", tag: "Security" },
  summary: "List tokens and what they may do",
  params: none,
  query: none,
  answers: {
    200: {
      description: "All of them, without their texts, which are stored nowhere.",
      content: bothTypes(z.strictObject({ tokens: z.array(z.strictObject({ ...tokenFields, acls: z.array(acl) })) }), {
        tokens: [{ ...EXAMPLE_TOKEN, acls: [] }],
      }),
    },
  },
  errors: ["CLUSTER_AUTHORIZATION_FAILED"],
});

export const createToken = operation({
  ...{ id: "createToken", method: "POST", path: "/v1/tokens", tag: "Security" },
  summary: "Make a token for a program",
  description: "Its principal is `Token:NAME`. It goes wherever the admin token does: Bearer, the password of Basic, SASL PLAIN.",
  params: none,
  query: none,
  body: requestBody(createTokenBody, { name: "ci", rights: { role: "write", topics: ["orders"] } }),
  answers: {
    201: {
      description: "Made. `token` is told this once.",
      content: bothTypes(z.strictObject({ ...tokenFields, token: z.string() }).meta({ id: "CreatedToken" }), {
        ...EXAMPLE_TOKEN,
        token: "slt_Zm9vYmFyYmF6Zm9vYmFyYmF6Zm9vYmFyYmF6Zm9vYmE",
      }),
      headers: { location: "Where it can be deleted." },
    },
  },
  errors: ["CLUSTER_AUTHORIZATION_FAILED", "DUPLICATE_RESOURCE", "UNACCEPTABLE_CREDENTIAL", "POLICY_VIOLATION"],
});

export const deleteToken = operation({
  ...{ id: "deleteToken", method: "DELETE", path: "/v1/tokens/{token}", tag: "Security" },
  summary: "Revoke a token, and delete its ACLs",
  description: "It takes up to 6 seconds until the last edge knows.",
  params: z.strictObject({ token: tokenName }),
  query: none,
  answers: { 204: { description: "Revoked." } },
  errors: ["CLUSTER_AUTHORIZATION_FAILED", "RESOURCE_NOT_FOUND"],
});

const aclFilter = z.strictObject({
  resourceType: z.enum(wordsOf(RESOURCE_TYPES)).optional().meta({ description: "Only of this type." }),
  resourceName: z.string().min(1).max(MAX_RESOURCE_NAME_LENGTH).optional().meta({ description: "Only with this name." }),
  patternType: z
    .enum([...wordsOf(PATTERN_TYPES), "MATCH"])
    .optional()
    .meta({ description: "`MATCH`: all that apply to the resource with the name." }),
  principal: z.string().max(MAX_PRINCIPAL_LENGTH).optional().meta({ description: "Only of this principal." }),
  operation: z.enum(wordsOf(OPERATIONS)).optional().meta({ description: "Only for this operation." }),
  permission: z.enum(wordsOf(PERMISSIONS)).optional().meta({ description: "Only of this kind." }),
});

const aclList = z.strictObject({ acls: z.array(acl) });

export const createAclsBody = z.strictObject({ acls: z.array(acl).min(1).max(MAX_SECURITY_CHANGES) }).meta({ id: "CreateAcls" });

export const listAcls = operation({
  ...{ id: "listAcls", method: "GET", path: "/v1/acls", tag: "Security" },
  summary: "List ACLs",
  params: none,
  query: aclFilter,
  answers: { 200: { description: "Those that fit the query.", content: bothTypes(aclList, { acls: [EXAMPLE_ACL] }) } },
  errors: ["CLUSTER_AUTHORIZATION_FAILED"],
});

export const createAcls = operation({
  ...{ id: "createAcls", method: "POST", path: "/v1/acls", tag: "Security" },
  summary: "Add ACLs",
  description: "One that is there already stays as it is. It takes up to 6 seconds until the last edge knows.",
  params: none,
  query: none,
  body: requestBody(createAclsBody, { acls: [EXAMPLE_ACL] }),
  answers: {
    200: {
      description: "One entry for each, in order; one that was refused carries a `code`.",
      content: bothTypes(z.strictObject({ results: z.array(z.strictObject(refusalFields)) }), { results: [{}] }),
    },
  },
  errors: ["CLUSTER_AUTHORIZATION_FAILED", "POLICY_VIOLATION"],
});

export const deleteAcls = operation({
  ...{ id: "deleteAcls", method: "DELETE", path: "/v1/acls", tag: "Security" },
  summary: "Delete the ACLs that fit the query",
  description: "The query must name something: nobody deletes all of them by accident.",
  params: none,
  query: aclFilter,
  answers: { 200: { description: "What was deleted.", content: bothTypes(aclList, { acls: [EXAMPLE_ACL] }) } },
  errors: ["CLUSTER_AUTHORIZATION_FAILED"],
});

const entityName = z.string().min(1).max(MAX_PRINCIPAL_LENGTH).nullable().optional();
const quotaFields = {
  user: entityName.meta({ description: "The user, null for the default of all users; absent: whoever it is." }),
  clientId: entityName.meta({ description: "The client id, null for the default of all; absent: whichever it is." }),
};
const EXAMPLE_QUOTA = { user: "alice", values: { producer_byte_rate: 1048576 } };

export const setQuotaBody = z
  .strictObject({
    ...quotaFields,
    values: z.partialRecord(z.enum(QUOTA_KEYS), z.number().positive().nullable()).meta({ description: "A second; null takes one away." }),
  })
  .meta({ id: "SetQuota" });

export const listQuotas = operation({
  ...{ id: "listQuotas", method: "GET", path: "/v1/quotas", tag: "Security" },
  summary: "List quotas",
  params: none,
  query: none,
  answers: {
    200: {
      description: "All of them.",
      content: bothTypes(
        z.strictObject({
          quotas: z.array(z.strictObject({ ...quotaFields, values: z.partialRecord(z.enum(QUOTA_KEYS), z.number()) })),
        }),
        { quotas: [EXAMPLE_QUOTA] },
      ),
    },
  },
  errors: ["CLUSTER_AUTHORIZATION_FAILED"],
});

export const setQuota = operation({
  ...{ id: "setQuota", method: "PUT", path: "/v1/quotas", tag: "Security" },
  summary: "Set or take away quotas of a user, a client id, or both",
  description:
    "As Kafka's: of all that fit a client the most special counts. An HTTP client's id is its `x-client-id`; beyond its quota it gets 429 with `Retry-After`. Each isolate counts for itself.",
  params: none,
  query: none,
  body: requestBody(setQuotaBody, EXAMPLE_QUOTA),
  answers: { 204: { description: "Done." } },
  errors: ["CLUSTER_AUTHORIZATION_FAILED", "POLICY_VIOLATION"],
});

export const SECURITY_OPERATIONS: readonly Operation[] = [
  ...[listUsers, putUser, describeUser, deleteUser],
  ...[listTokens, createToken, deleteToken],
  ...[listAcls, createAcls, deleteAcls],
  ...[listQuotas, setQuota],
];

export type Acl = z.infer<typeof acl>;
export type AclRequest = z.input<typeof acl>;
export type AclFilter = z.infer<typeof aclFilter>;
export type ListedUser = z.infer<typeof listedUser>;
export type PutUserRequest = z.input<typeof putUserBody>;
export type CreateTokenRequest = z.input<typeof createTokenBody>;
export type SetQuotaRequest = z.infer<typeof setQuotaBody>;
