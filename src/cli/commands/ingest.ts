// `sluice ingest`: who may send webhooks into a topic, and how that is told. Secrets come by files or standard input (read-secret.ts).

import { type Command, InvalidArgumentError, Option } from "commander";
import type { PutSourceRequest, Source } from "../../contract/ingest.ts";
import type { Cli } from "../cli.ts";
import { confirm } from "../confirm.ts";
import { UsageError } from "../failure.ts";
import { addExamples } from "../help.ts";
import { readSecret } from "../read-secret.ts";
import { type Session, withSession } from "../session.ts";
import { formatTable } from "../table.ts";
import { duration, each } from "../values.ts";

type Place = { readonly header: string } | { readonly pointer: string };

const SCHEMES = ["standard", "github", "stripe", "slack", "hmac", "token"] as const;

interface SetFlags {
  readonly scheme?: (typeof SCHEMES)[number];
  readonly secretFile?: readonly string[];
  readonly header?: string;
  readonly parameter?: string;
  readonly algorithm?: "sha1" | "sha256" | "sha512";
  readonly encoding?: "hex" | "base64";
  readonly prefix?: string;
  readonly id?: Place;
  readonly key?: Place;
  readonly tolerance?: number;
  readonly dedupWindow?: number;
  readonly dropHeader?: readonly string[];
  readonly query?: boolean;
  readonly dropParameter?: readonly string[];
  readonly echo?: string;
}

const SET_EXAMPLE = "sluice ingest set events github --scheme github --secret-file secret.txt --key /repository/full_name";

export function addIngestCommand(program: Command, cli: Cli): void {
  const ingest = program.command("ingest").description("inbound webhooks: who may send them into a topic");
  addExamples(ingest, [SET_EXAMPLE, "sluice ingest list events"]);
  ingest.command("list <topic>").alias("ls").description("a topic's sources").action(withSession(cli, listSources));
  ingest.command("describe <topic> <source>").description("one, without its secrets").action(withSession(cli, describeSource));
  addSet(ingest, cli);
  const rotate = ingest.command("rotate <topic> <source>").description("another secret; those before stay valid for a while");
  rotate.requiredOption("--secret-file <file>", "where the new secret is; - for standard input");
  rotate.option("--overlap <time>", "how long those before are valid (1d)", duration);
  addExamples(rotate, ["sluice ingest rotate events github --secret-file new.txt --overlap 1h"]);
  rotate.action(withSession(cli, rotateSecret));
  const remove = ingest.command("delete <topic> <source>").alias("rm").description("delete a source").option("--yes", "do not ask");
  addExamples(remove, ["sluice ingest delete events github --yes"]);
  remove.action(withSession(cli, deleteSource));
}

function addSet(ingest: Command, cli: Cli): void {
  const set = ingest
    .command("set <topic> <source>")
    .description("make or change one; what is left out has its default, but for secrets, which stay")
    .addOption(new Option("--scheme <scheme>", "how requests are signed (they are not: a token is needed)").choices([...SCHEMES]))
    .option("--secret-file <file>", "where a secret is, - for standard input; repeat it for more", each)
    .option("--header <name>", "hmac: that has the digest; token: that has it")
    .option("--parameter <name>", "token: of the URL's query, that has it")
    .addOption(new Option("--algorithm <name>", "hmac (sha256)").choices(["sha1", "sha256", "sha512"]))
    .addOption(new Option("--encoding <name>", "hmac: of the digest (hex)").choices(["hex", "base64"]))
    .option("--prefix <text>", "hmac: before the digest")
    .option("--id <place>", "of an event: header:NAME, or a JSON pointer into the body (the scheme's own)", place)
    .option("--key <place>", "of the record, in the same way (the id)", place)
    .option("--tolerance <time>", "how far a signed time may be from now (5m)", duration)
    .option("--dedup-window <time>", "for how long an id is known again (1d)", duration)
    .option("--drop-header <name>", "that records do not keep; repeat it for more", each)
    .option("--query", "the URL may have a query, which records keep, but for credentials (it is refused)")
    .option("--drop-parameter <name>", "of the query, that records do not keep; repeat it for more", each)
    .option("--echo <parameter>", "of the query, by which the sender asks whether the URL is its to call: validationToken");
  addExamples(set, [SET_EXAMPLE, "sluice ingest set events graph --scheme token --secret-file - --parameter token --echo validationToken"]);
  set.action(withSession(cli, setSource));
}

function place(text: string): Place {
  if (text.startsWith("/")) return { pointer: text };
  if (text.startsWith("header:")) return { header: text.slice("header:".length) };
  throw new InvalidArgumentError("It is header:NAME, or a JSON pointer, which begins with a slash.");
}

async function listSources({ admin, output }: Session, topic: string): Promise<void> {
  const sources = await admin.ingest.list(topic);
  await output.document({ sources }, () =>
    formatTable(
      sources.map(({ name, path, signature }) => ({ source: name, path, signature: signature?.scheme ?? "none" })),
      "there are no sources",
    ),
  );
}

async function describeSource({ admin, output }: Session, topic: string, name: string): Promise<void> {
  const source = await admin.ingest.describe(topic, name);
  await output.document(source, () => JSON.stringify(source, null, 2));
}

async function setSource(session: Session, topic: string, name: string, flags: SetFlags): Promise<void> {
  const { tolerance, dedupWindow, dropHeader, id, key } = flags;
  const request: PutSourceRequest = {
    ...((await signatureOf(session, flags)) ?? {}),
    ...(id && { id }),
    ...(key && { key }),
    ...(tolerance !== undefined && { toleranceMs: tolerance }),
    ...(dedupWindow !== undefined && { dedupWindowMs: dedupWindow }),
    ...(dropHeader && { dropHeaders: [...dropHeader] }),
    ...queryOf(flags),
  };
  const source = await session.admin.ingest.put(topic, name, request);
  await session.output.done(source, senderLine(source));
}

function queryOf({ query, dropParameter, echo }: SetFlags): Pick<PutSourceRequest, "query"> {
  if (query === undefined && dropParameter === undefined && echo === undefined) return {};
  return { query: { ...(dropParameter && { drop: [...dropParameter] }), ...(echo !== undefined && { echo }) } };
}

async function signatureOf(session: Session, flags: SetFlags): Promise<Pick<PutSourceRequest, "signature"> | null> {
  const { scheme, secretFile = [], header, parameter, algorithm, encoding, prefix } = flags;
  const hmac = { ...(algorithm && { algorithm }), ...(encoding && { encoding }), ...(prefix !== undefined && { prefix }) };
  if (scheme === undefined && secretFile.length > 0) throw new UsageError("--secret-file is for a --scheme");
  if (scheme !== "hmac" && Object.keys(hmac).length > 0) throw new UsageError("--algorithm, --encoding and --prefix are for --scheme hmac");
  if (scheme !== "hmac" && scheme !== "token" && header !== undefined) throw new UsageError("--header is for --scheme hmac and token");
  if (scheme !== "token" && parameter !== undefined) throw new UsageError("--parameter is for --scheme token");
  if (scheme === undefined) return null;
  const given: string[] = [];
  for (const file of secretFile) given.push(await readSecret(session, file, "secret"));
  const secrets = given.length === 0 ? {} : { secrets: given };
  if (scheme === "token") return { signature: { scheme, in: tokenPlace(header, parameter), ...secrets } };
  if (scheme !== "hmac") return { signature: { scheme, ...secrets } };
  if (header === undefined) throw new UsageError("--scheme hmac needs --header, that has the digest");
  return { signature: { scheme, header, ...hmac, ...secrets } };
}

function tokenPlace(header: string | undefined, parameter: string | undefined): { header: string } | { parameter: string } {
  if (header !== undefined && parameter === undefined) return { header };
  if (parameter !== undefined && header === undefined) return { parameter };
  throw new UsageError("--scheme token needs --header or --parameter, that has the token");
}

function senderLine({ name, path, signature }: Source): string {
  const parameter = signature?.scheme === "token" && "parameter" in signature.in ? signature.in.parameter : null;
  const url = parameter === null ? path : `${path}?${encodeURIComponent(parameter)}=TOKEN`;
  return `${name}: set; senders POST to ${url}${signature === null ? ", with a token of the broker's" : ""}`;
}

async function rotateSecret(
  session: Session,
  topic: string,
  name: string,
  { secretFile, overlap }: { readonly secretFile: string; readonly overlap?: number },
): Promise<void> {
  const secret = await readSecret(session, secretFile, "secret");
  const source = await session.admin.ingest.rotateSecret(topic, name, { secret, ...(overlap !== undefined && { overlapMs: overlap }) });
  await session.output.done(source, `${name}: takes the new secret`);
}

async function deleteSource(session: Session, topic: string, name: string, flags: { readonly yes?: boolean }): Promise<void> {
  await confirm(session, flags, `delete the source ${name} of ${topic}`);
  await session.admin.ingest.delete(topic, name);
  await session.output.done({ deleted: name }, `deleted ${name}`);
}
