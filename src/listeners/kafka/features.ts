// The cluster's features as ApiVersions tells them (KIP-584): versions of behaviour that no single API's version could say.
//
//   transaction.version 2   an epoch for each transaction, and partitions and groups that make themselves part of it (KIP-890, part 2).
//                           Clients that know it choose the new way at the begin of a transaction; 0 and 1, the old way, are served too.
//
// Not here: group.version (KIP-848) and share.version (KIP-932), of which clients ask the versions of the APIs alone.

import type { API } from "../../protocol/api-keys.ts";
import type { EncodableOf } from "../../protocol/message.ts";

interface Feature {
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
  /** What is in force, in all of the cluster. */
  readonly finalizedVersion: number;
}

const FEATURES: readonly Feature[] = [{ name: "transaction.version", minVersion: 0, maxVersion: 2, finalizedVersion: 2 }];

/** To be raised with each change of the list: a client believes what it knows until it sees a higher one. */
const FEATURES_EPOCH = 1;

/** Clients read no supported version below 1 before this version of ApiVersions (KAFKA-17011): such features are left out then. */
const MIN_VERSION_0_SINCE = 4;

type ToldFeatures = Pick<
  EncodableOf<typeof API.apiVersions.response>,
  "supportedFeatures" | "finalizedFeaturesEpoch" | "finalizedFeatures"
>;

/** The features in an answer of this version of ApiVersions. */
export function toldFeatures(version: number): ToldFeatures {
  const supported = FEATURES.filter(({ minVersion }) => minVersion > 0 || version >= MIN_VERSION_0_SINCE);
  return {
    supportedFeatures: supported.map(({ name, minVersion, maxVersion }) => ({ name, minVersion, maxVersion })),
    finalizedFeaturesEpoch: FEATURES_EPOCH,
    finalizedFeatures: FEATURES.map(({ name, finalizedVersion: level }) => ({ name, maxVersionLevel: level, minVersionLevel: level })),
  };
}
