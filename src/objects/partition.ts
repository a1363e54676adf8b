import { DurableObject } from "cloudflare:workers";

export class PartitionObject extends DurableObject {}
