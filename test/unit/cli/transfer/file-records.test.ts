// The file of an export.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createNewFile } from "../../../../src/cli/transfer/file-records.ts";

test("what is written stands one behind the other, and a file that is there is not written over", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-export-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "a.ndjson");
  const file = await createNewFile(path);
  for (const line of ["one\n", "two\n", "é\n"]) await file.writeFile(line);
  await file.close();
  await file.close(); // as discard does, after a failure of close
  expect(await readFile(path, "utf8")).toBe("one\ntwo\né\n");
  await expect(createNewFile(path)).rejects.toMatchObject({ code: "EEXIST" });
});
