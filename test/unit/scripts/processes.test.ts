import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, test, vi } from "vitest";
import { endProcess, identifyProcess } from "../../../scripts/serve/processes.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

test("a process that somebody else kills at the same moment is gone, which is no error", async () => {
  const child = spawn("sleep", ["600"]);
  await once(child, "spawn");
  const target = identifyProcess(child.pid!)!;
  const kill = process.kill.bind(process);
  const late = vi.spyOn(process, "kill").mockImplementation((pid, signal) => {
    kill(pid, signal); // the other's kill comes first
    throw Object.assign(new Error("kill ESRCH"), { code: "ESRCH" });
  });
  await endProcess(target);
  expect(late).toHaveBeenCalledWith(child.pid, "SIGKILL");
  expect(identifyProcess(target.pid)?.startedAt).not.toBe(target.startedAt);
});
