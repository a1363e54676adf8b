// `--acks`, as scripts have it that were written for Kafka's producers. Here a partition has one replica that answers, and it answers once the
// write is durable: 1 and all are the same. There is no 0 for a stream of records. An HTTP request is answered in any case, so that nothing is
// saved; and requests that do not wait for each other may overtake each other, where Kafka's go through one connection in order.

import { type Command, InvalidArgumentError, Option } from "commander";

const ONCE_DURABLE = ["all", "-1", "leader", "1"];

export function addAcksOption(command: Command): void {
  command.addOption(
    new Option("--acks <when>", "all or 1, which are the same: a record is acknowledged once it is durable. There is no 0")
      .argParser(parseAcks)
      .default("all"),
  );
}

/** @throws InvalidArgumentError */
export function parseAcks(text: string): string {
  if (ONCE_DURABLE.includes(text)) return text;
  if (text !== "0" && text !== "none") throw new InvalidArgumentError(`It is one of ${ONCE_DURABLE.join(", ")}.`);
  throw new InvalidArgumentError("There is no acks=0: records that nobody waits for could overtake each other, and be refused unnoticed.");
}
