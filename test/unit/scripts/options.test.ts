// Settings of `npm start` that are refused before anything starts.

import { expect, test } from "vitest";
import { parseServeOptions } from "../../../scripts/serve/options.ts";

test("origins that are none are named, and * needs a token", () => {
  expect(() => parseServeOptions([], { SLUICE_ALLOWED_ORIGINS: "https://a.example, b.example" })).toThrow('"b.example"');
  expect(() => parseServeOptions([], { SLUICE_ALLOWED_ORIGINS: "*" })).toThrow("needs SLUICE_ADMIN_TOKEN");
  expect(parseServeOptions([], { SLUICE_ALLOWED_ORIGINS: "*", SLUICE_ADMIN_TOKEN: "t" })).toMatchObject({ open: false });
});
