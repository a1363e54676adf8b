import { expect, test } from "vitest";
import { tally } from "../../../scripts/test-tally.ts";

function file(status: string, ...tests: string[]) {
  return { name: "a.test.ts", status, assertionResults: tests.map((state, i) => ({ status: state, fullName: `test ${i}` })) };
}

test("counts what passed, failed and was skipped", () => {
  const report = { testResults: [file("failed", "passed", "failed"), file("passed", "passed", "skipped", "todo")] };
  expect(tally(1, report, false)).toEqual({ passed: 2, failed: 1, skipped: 2, complaints: [] });
});

test("a skipped test fails where skips are forbidden", () => {
  const { failed, skipped, complaints } = tally(0, { testResults: [file("passed", "passed", "skipped")] }, true);
  expect({ failed, skipped }).toEqual({ failed: 1, skipped: 0 });
  expect(complaints).toEqual(["skipped, which is not allowed here: test 1"]);
});

test("a file that cannot be loaded is a failure", () => {
  expect(tally(1, { testResults: [file("passed", "passed"), file("failed")] }, false)).toMatchObject({ passed: 1, failed: 1 });
});

test("a run that fails although its tests passed, or that ran none, is a failure", () => {
  expect(tally(1, { testResults: [file("passed", "passed")] }, false)).toMatchObject({ passed: 1, failed: 1 });
  expect(tally(0, { testResults: [] }, false)).toMatchObject({ passed: 0, failed: 1 });
  expect(tally(1, null, false)).toMatchObject({ passed: 0, failed: 1 });
});
