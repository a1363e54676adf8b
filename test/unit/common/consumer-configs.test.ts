// The texts are those of Kafka's GroupConfig.validateValues.

import { expect, test } from "vitest";
import { alterConsumerConfigs, describeConsumerConfigs } from "../../../src/common/consumer-configs.ts";
import { readGroupConfigs } from "../../../src/common/group-configs.ts";

const SESSION = "consumer.session.timeout.ms";
const HEARTBEAT = "consumer.heartbeat.interval.ms";
const kafka = readGroupConfigs(null);

test("what is not set is the deployment's", () => {
  const config = readGroupConfigs('{"group.consumer.session.timeout.ms": "50000"}');
  expect(describeConsumerConfigs({ [HEARTBEAT]: 7_000 }, config)).toMatchObject([
    { key: HEARTBEAT, value: "7000", isDefault: false },
    { key: SESSION, value: "50000", isDefault: true },
  ]);
});

test("a change leaves what it does not name, and null takes a value away", () => {
  const set = { [SESSION]: 50_000 };
  expect(alterConsumerConfigs(set, { [HEARTBEAT]: " 6000 " }, kafka)).toEqual({ [SESSION]: 50_000, [HEARTBEAT]: 6_000 });
  expect(alterConsumerConfigs(set, { [SESSION]: null, [HEARTBEAT]: null }, kafka)).toEqual({});
});

test.each([
  [SESSION, "44999", `${SESSION} must be greater than or equal to group.consumer.min.session.timeout.ms`],
  [SESSION, "60001", `${SESSION} must be less than or equal to group.consumer.max.session.timeout.ms`],
  [HEARTBEAT, "4999", `${HEARTBEAT} must be greater than or equal to group.consumer.min.heartbeat.interval.ms`],
  [HEARTBEAT, "15001", `${HEARTBEAT} must be less than or equal to group.consumer.max.heartbeat.interval.ms`],
  [SESSION, "soon", `Invalid value 'soon' for ${SESSION}: it must be an integer from 1 to 2147483647.`],
  ["constructor", "1", "Unknown group config name: constructor"],
])("%s=%s is refused: %s", (key, value, detail) => {
  expect(alterConsumerConfigs({}, { [key]: value }, kafka)).toEqual({ error: "INVALID_CONFIG", detail });
});

test("a session must be longer than the heartbeat interval, whichever of them the group has from the deployment", () => {
  const config = readGroupConfigs('{"group.consumer.session.timeout.ms": "5001", "group.consumer.heartbeat.interval.ms": "5000"}');
  const detail = `${SESSION} must be greater than ${HEARTBEAT}`;
  expect(alterConsumerConfigs({}, { [HEARTBEAT]: "6000" }, config)).toEqual({ error: "INVALID_CONFIG", detail });
  expect(alterConsumerConfigs({}, { [HEARTBEAT]: "6000", [SESSION]: "45000" }, config)).toEqual({ [HEARTBEAT]: 6_000, [SESSION]: 45_000 });
});
