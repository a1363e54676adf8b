import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";

test("the Worker answers", async () => {
  const response = await exports.default.fetch("http://sluice/healthz");
  expect(await response.json()).toEqual({ status: "ok" });
});
