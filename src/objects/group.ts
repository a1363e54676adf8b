import { DurableObject } from "cloudflare:workers";

export class GroupObject extends DurableObject {}
