// Which object holds what. The one place that decides it, so that placement (location hints, many small partitions in one object)
// can change here alone. Names are stored by the platform: never change them.

const CLUSTER_OBJECT_NAME = "cluster";

/** The one cluster object. A stub of an object that was reset stays broken: who keeps it for long asks again for each call. */
export function clusterObject<T extends Rpc.DurableObjectBranded>({
  CLUSTER,
}: {
  readonly CLUSTER: DurableObjectNamespace<T>;
}): DurableObjectStub<T> {
  return CLUSTER.getByName(CLUSTER_OBJECT_NAME);
}

/** The object that coordinates the transactions of a transactional id: one that is not well formed has no UTF-8, and so no object. */
export function transactionObjectName(transactionalId: string): string {
  return transactionalId;
}

/** The object that leads a partition. */
export function partitionObjectName(topicId: string, partition: number): string {
  return `${topicId}/${partition}`;
}

/** The object that hands out a partition's records to a share group, by the group's UUID: a group made again begins with new ones. */
export function sharePartitionObjectName(groupUuid: string, topicId: string, partition: number): string {
  return `${groupUuid}/${topicId}/${partition}`;
}

export function parsePartitionObjectName(name: string): { readonly topicId: string; readonly partition: number } {
  const [topicId, partition] = name.split("/");
  if (!topicId || partition === undefined) throw new Error(`'${name}' does not name a partition's object`);
  return { topicId, partition: Number(partition) };
}

/**
 * The object that serves a new Kafka WebSocket: one of its own where nothing is set, so that clients share neither a thread nor memory.
 * With `count` they share so many, which costs less: an object that is awake is paid for by time, and a file of plain workerd's storage.
 */
export function connectionObject<T extends Rpc.DurableObjectBranded>(
  namespace: DurableObjectNamespace<T>,
  count: number | null,
  random: () => number,
): DurableObjectStub<T> {
  if (count === null) return namespace.get(namespace.newUniqueId());
  return namespace.getByName(`connections/${Math.floor(random() * count)}`);
}
