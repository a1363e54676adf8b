// `sluice doctor`: is everything as it should be between here and the broker?

import type { Command } from "commander";
import type { Cli } from "../cli.ts";
import { FAILURE_EXIT_CODE } from "../failure.ts";
import { addExamples } from "../help.ts";
import { type Session, withSession } from "../session.ts";

export function addDoctorCommand(program: Command, cli: Cli): void {
  const doctor = program
    .command("doctor")
    .description("check address, token, versions, clock, and a round trip of records; exit code 1 if something is wrong");
  addExamples(doctor, ["sluice doctor", "sluice doctor --profile prod --json"]);
  doctor.action(withSession(cli, examine));
}

async function examine({ output, cli, ...session }: Session): Promise<void> {
  const { runChecks } = await import("../doctor/checks.ts");
  const findings = [];
  for await (const finding of runChecks({ output, cli, ...session })) {
    findings.push(finding);
    if (output.json) continue;
    const advice = finding.advice === undefined ? "" : `\n      ${finding.advice}`;
    await output.write(`${finding.ok ? "ok  " : "BAD "}  ${finding.check}: ${finding.found}${advice}\n`);
  }
  const ok = findings.every((finding) => finding.ok);
  if (output.json) await output.document({ ok, findings }, () => "");
  if (!ok) cli.setExitCode(FAILURE_EXIT_CODE);
}
