// What goes wrong, as whoever typed the command is told: one line that names what and says what to do, and an exit code.

import { SluiceError } from "../sdk/errors.ts";

export const FAILURE_EXIT_CODE = 1;
/** Of flags, values and settings that are refused before anything is done. */
export const USAGE_EXIT_CODE = 2;
/** Of a shell's command that Ctrl-C ended: 128 + SIGINT. Only where work was cut off. */
export const INTERRUPTED_EXIT_CODE = 130;

/** A failure that is the command's to explain, beside the broker's (SluiceError). */
export class CliError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = FAILURE_EXIT_CODE) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** A flag, a value or a setting that is refused. */
export class UsageError extends CliError {
  constructor(message: string) {
    super(message, USAGE_EXIT_CODE);
  }
}

/** A failure in words, as JSON and as a line show it. */
export interface Failure {
  readonly message: string;
  /** Kafka's name, where the broker said it. */
  readonly code?: string;
  readonly retriable?: boolean;
  readonly exitCode: number;
}

/** Null: a bug, which is for the stack trace. */
export function describeFailure(error: unknown): Failure | null {
  if (error instanceof CliError) return { message: error.message, exitCode: error.exitCode };
  if (error instanceof SluiceError) {
    const { code, retriable } = error;
    return { message: explain(error), code, retriable, exitCode: FAILURE_EXIT_CODE };
  }
  return isSystemError(error) ? { message: error.message, exitCode: FAILURE_EXIT_CODE } : null;
}

/** What Kafka's codes leave to say: what to do. */
const ADVICE: Readonly<Record<string, string>> = {
  SASL_AUTHENTICATION_FAILED: "give a token that the broker knows: --token, SLUICE_TOKEN or the config file",
  TOPIC_ALREADY_EXISTS: "`sluice topics alter` changes one that is there",
  UNKNOWN_TOPIC_OR_PARTITION: "`sluice topics list` shows those that are there",
  GROUP_ID_NOT_FOUND: "`sluice groups list` and `sluice share-groups list` show those that are there",
  NON_EMPTY_GROUP: "stop its members first; one that was killed is out when its session is over (45 s)",
};

function explain({ code, message }: SluiceError): string {
  const advice = ADVICE[code];
  return advice === undefined ? message : `${message.replace(/\.$/, "")}; ${advice}`;
}

/** A file that is not there, a disk that is full: the system's words name it. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error && "code" in error;
}

/** Of clients that wrap the reason in words of their own, several times. */
export function deepestMessage(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return deepestMessage(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? deepestMessage(error.cause) : error.message;
}
