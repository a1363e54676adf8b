// A mistake of whoever started the program: shown as one line, without a stack.

/** The exit code for flags, values and settings that are refused. */
export const USAGE_EXIT_CODE = 2;

export class StartError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
