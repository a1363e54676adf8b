// All scenarios, in the order in which they run.

import { ADMINISTRATION } from "./administration.ts";
import { CONSUMING } from "./consuming.ts";
import { GROUPING } from "./grouping.ts";
import { PRODUCING } from "./producing.ts";
import { SHARING } from "./sharing.ts";

export type { Kit, Scenario, Sdk } from "./scenario.ts";

export const SCENARIOS = [...PRODUCING, ...CONSUMING, ...GROUPING, ...SHARING, ...ADMINISTRATION];
