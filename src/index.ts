// The Worker: what it exports to the platform.

export { ClusterObject } from "./objects/cluster.ts";
export { GroupObject } from "./objects/group.ts";
export { PartitionObject } from "./objects/partition.ts";

export default {
  fetch(): Response {
    return Response.json({ status: "ok" });
  },
} satisfies ExportedHandler;
