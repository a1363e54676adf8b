// The configs of a group (ConfigResource GROUP), for DescribeConfigs, AlterConfigs and IncrementalAlterConfigs. Kafka keeps them by the
// group's name, whatever kind of group it is of, or is to be; here those of a consumer group are in its object, and those of a share group
// are its settings, which make it where it is not there. A change of both kinds is checked as a whole before the first of them is made.

import type { Broker } from "../../broker/broker.ts";
import { type ConsumerConfigDescription, isConsumerConfigKey } from "../../common/consumer-configs.ts";
import { type Failure, failure, isFailure } from "../../common/errors.ts";
import { describeShareConfigs, parseShareConfigs, type ShareConfigDescription } from "../../common/share-configs.ts";

/** Values by key; null: back to the default. */
export type GroupConfigChanges = Readonly<Record<string, string | null>>;

/** Of both kinds, whether there is such a group or not. */
export async function describeGroupConfigs(
  broker: Broker,
  groupId: string,
): Promise<readonly (ConsumerConfigDescription | ShareConfigDescription)[] | Failure> {
  if (groupId === "") return noName();
  const ofConsumers = await broker.groupConfigs(groupId);
  if (isFailure(ofConsumers)) return ofConsumers;
  const settings = await broker.shareGroups.settings(groupId);
  return isFailure(settings) ? settings : [...ofConsumers, ...describeShareConfigs(settings)];
}

/** All of it, or why nothing was changed. */
export async function alterGroupConfigs(
  broker: Broker,
  groupId: string,
  changes: GroupConfigChanges,
  validateOnly: boolean,
): Promise<Failure | null> {
  if (groupId === "") return noName();
  const entries = Object.entries(changes);
  const ofConsumers = Object.fromEntries(entries.filter(([key]) => isConsumerConfigKey(key)));
  const settings = parseShareConfigs(Object.fromEntries(entries.filter(([key]) => !isConsumerConfigKey(key))));
  if (isFailure(settings)) return settings;
  const hasConsumers = Object.keys(ofConsumers).length > 0;
  const hasSettings = Object.keys(settings).length > 0;
  const isCheckedFirst = hasConsumers && (validateOnly || hasSettings);
  const refused = isCheckedFirst ? await broker.alterGroupConfigs(groupId, ofConsumers, true) : null;
  if (refused !== null || validateOnly) return refused;
  const configured = hasSettings ? await broker.shareGroups.configure(groupId, settings) : null;
  if (configured !== null && isFailure(configured)) return configured;
  return hasConsumers ? broker.alterGroupConfigs(groupId, ofConsumers, false) : null;
}

/** AlterConfigs: what is not named goes back to its default. */
export async function replaceGroupConfigs(
  broker: Broker,
  groupId: string,
  named: GroupConfigChanges,
  validateOnly: boolean,
): Promise<Failure | null> {
  const now = await describeGroupConfigs(broker, groupId);
  if (isFailure(now)) return now;
  const reset = Object.fromEntries(now.filter(({ isDefault }) => !isDefault).map(({ key }) => [key, null]));
  return alterGroupConfigs(broker, groupId, { ...reset, ...named }, validateOnly);
}

/** As Kafka's ControllerConfigurationValidator has it: there are no configs for all groups. */
function noName(): Failure {
  return failure("INVALID_REQUEST", "Default group resources are not allowed.");
}
