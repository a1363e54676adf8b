// DescribeConfigs (key 32), AlterConfigs (33) and IncrementalAlterConfigs (44).
//
// DescribeConfigs           1: sources and synonyms (KIP-226)   3: types and documentation (KIP-569)   4: flexible
// AlterConfigs              2: flexible
// IncrementalAlterConfigs   1: flexible

import { array, bool, int8, int16, int32, string } from "../fields.ts";
import { message } from "../message.ts";

export const describeConfigsRequest = message("DescribeConfigsRequest", "1-4", "4+", {
  resources: array({
    resourceType: int8(),
    resourceName: string(),
    configurationKeys: array(string(), { nullable: true }),
  }),
  includeSynonyms: bool({ default: false }),
  includeDocumentation: bool("3+", { default: false }),
});

export const describeConfigsResponse = message("DescribeConfigsResponse", "1-4", "4+", {
  throttleTimeMs: int32(),
  results: array({
    errorCode: int16(),
    errorMessage: string({ nullable: true }),
    resourceType: int8(),
    resourceName: string(),
    configs: array({
      name: string(),
      value: string({ nullable: true }),
      readOnly: bool(),
      configSource: int8({ default: -1 }),
      isSensitive: bool(),
      synonyms: array({ name: string(), value: string({ nullable: true }), source: int8() }),
      configType: int8("3+", { default: 0 }),
      documentation: string("3+", { nullable: true }),
    }),
  }),
});

/** What became of each resource. */
const alteredConfigs = {
  throttleTimeMs: int32(),
  responses: array({
    errorCode: int16(),
    errorMessage: string({ nullable: true }),
    resourceType: int8(),
    resourceName: string(),
  }),
};

export const alterConfigsRequest = message("AlterConfigsRequest", "0-2", "2+", {
  resources: array({
    resourceType: int8(),
    resourceName: string(),
    configs: array({ name: string(), value: string({ nullable: true }) }),
  }),
  validateOnly: bool(),
});

export const alterConfigsResponse = message("AlterConfigsResponse", "0-2", "2+", alteredConfigs);

export const incrementalAlterConfigsRequest = message("IncrementalAlterConfigsRequest", "0-1", "1+", {
  resources: array({
    resourceType: int8(),
    resourceName: string(),
    configs: array({ name: string(), configOperation: int8(), value: string({ nullable: true }) }),
  }),
  validateOnly: bool(),
});

export const incrementalAlterConfigsResponse = message("IncrementalAlterConfigsResponse", "0-1", "1+", alteredConfigs);
