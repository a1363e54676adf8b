// DescribeAcls (key 29), CreateAcls (30) and DeleteAcls (31): who may do what (KIP-140). The numbers stand for those of src/security/acl.ts.
//
// all   1: pattern types (KIP-290)   2: flexible   3: user resources (KIP-373)

import { array, int8, int16, int32, string } from "../fields.ts";
import { message } from "../message.ts";

/** ResourcePatternType LITERAL, the only one before version 1. */
const LITERAL = 3;

const filter = {
  resourceTypeFilter: int8(),
  resourceNameFilter: string({ nullable: true }),
  patternTypeFilter: int8("1+", { default: LITERAL }),
  principalFilter: string({ nullable: true }),
  hostFilter: string({ nullable: true }),
  operation: int8(),
  permissionType: int8(),
};

export const describeAclsRequest = message("DescribeAclsRequest", "0-3", "2+", filter);

export const describeAclsResponse = message("DescribeAclsResponse", "0-3", "2+", {
  throttleTimeMs: int32(),
  errorCode: int16(),
  errorMessage: string({ nullable: true }),
  resources: array({
    resourceType: int8(),
    resourceName: string(),
    patternType: int8("1+", { default: LITERAL }),
    acls: array({ principal: string(), host: string(), operation: int8(), permissionType: int8() }),
  }),
});

export const createAclsRequest = message("CreateAclsRequest", "0-3", "2+", {
  creations: array({
    resourceType: int8(),
    resourceName: string(),
    resourcePatternType: int8("1+", { default: LITERAL }),
    principal: string(),
    host: string(),
    operation: int8(),
    permissionType: int8(),
  }),
});

export const createAclsResponse = message("CreateAclsResponse", "0-3", "2+", {
  throttleTimeMs: int32(),
  results: array({ errorCode: int16(), errorMessage: string({ nullable: true }) }),
});

export const deleteAclsRequest = message("DeleteAclsRequest", "0-3", "2+", { filters: array(filter) });

export const deleteAclsResponse = message("DeleteAclsResponse", "0-3", "2+", {
  throttleTimeMs: int32(),
  filterResults: array({
    errorCode: int16(),
    errorMessage: string({ nullable: true }),
    matchingAcls: array({
      errorCode: int16(),
      errorMessage: string({ nullable: true }),
      resourceType: int8(),
      resourceName: string(),
      patternType: int8("1+", { default: LITERAL }),
      principal: string(),
      host: string(),
      operation: int8(),
      permissionType: int8(),
    }),
  }),
});
