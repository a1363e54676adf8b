// Counts a test run from vitest's JSON report and its exit code, so that nothing which went wrong counts as nothing.

/** The part of vitest's JSON report (Jest's format) that is read. */
export interface JsonResult {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** A line for each failure that vitest does not show as a failed test. */
  readonly complaints: readonly string[];
}

/**
 * A file that cannot be loaded holds no tests and counts as one failure; so does a run that fails although its tests passed (an unhandled
 * error, no test found). A skipped test fails where skips are forbidden.
 */
export function tally(status: number, result: JsonResult | null, forbidSkips: boolean): Tally {
  const files = result?.testResults ?? [];
  const tests = files.flatMap((file) => file.assertionResults);
  const count = (...states: string[]) => tests.filter((test) => states.includes(test.status)).length;
  const unloaded = files.filter((file) => file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"));
  const skipped = tests.filter((test) => !["passed", "failed"].includes(test.status));
  const complaints = unloaded.map((file) => `failed as a whole: ${file.name}`);
  if (forbidSkips) complaints.push(...skipped.map((test) => `skipped, which is not allowed here: ${test.fullName}`));
  if (tests.length === 0 && complaints.length === 0) complaints.push("no test was run");
  const failed = count("failed") + complaints.length;
  if (failed === 0 && status !== 0) complaints.push(`every test passed, but vitest ended with exit code ${status}`);
  return { passed: count("passed"), failed: Math.max(failed, complaints.length), skipped: forbidSkips ? 0 : skipped.length, complaints };
}
