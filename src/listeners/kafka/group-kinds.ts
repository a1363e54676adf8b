// A name belongs to one kind of group, consumer groups (classic ones among them) or share groups. Whoever comes for the other kind is
// told INCONSISTENT_GROUP_PROTOCOL by the broker; Kafka's GroupMetadataManager has that for JoinGroup alone, and tells all others that a
// group of their kind is not there.

import { errorCode, type Failure } from "../../common/errors.ts";

/** The code of a refusal of a request about a group, JoinGroup excepted. */
export function groupErrorCode({ error }: Pick<Failure, "error">): number {
  return errorCode(error === "INCONSISTENT_GROUP_PROTOCOL" ? "GROUP_ID_NOT_FOUND" : error);
}
