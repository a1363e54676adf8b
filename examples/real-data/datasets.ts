// Three public data sets (the vega-datasets package) as keyed rows, and how each is written: one by each form that a produce takes.

import { readFileSync } from "node:fs";
import { Packr } from "msgpackr";

export interface Row {
  readonly key: string;
  readonly value: string;
}

export interface Dataset {
  readonly topic: string;
  readonly partitions: number;
  readonly rows: readonly Row[];
  /** The content type of a produce request, and its body for some of the rows. */
  readonly contentType: string;
  encode(rows: readonly Row[]): string | Uint8Array<ArrayBuffer>;
}

const folder = new URL("../../node_modules/vega-datasets/data/", import.meta.url);
const packr = new Packr({ useRecords: false });
const utf8 = new TextEncoder();

function readText(name: string): string {
  return readFileSync(new URL(name, folder), "utf8");
}

/** 200,000 flights, by distance; JSON. A value may be any JSON: it is stored as its text. */
function flights(): Dataset {
  const flights = JSON.parse(readText("flights-200k.json")) as { distance: number }[];
  return {
    topic: "flights",
    partitions: 6,
    rows: flights.map((flight) => ({ key: String(flight.distance), value: JSON.stringify(flight) })),
    contentType: "application/json",
    encode: (rows) => JSON.stringify({ records: rows.map(({ key, value }) => ({ key, value: JSON.parse(value) })), compression: "lz4" }),
  };
}

/** 955 hours of activity, by hour; JSON lines, one record a line. */
function github(): Dataset {
  const lines = readText("github.csv").trim().split("\n").slice(1);
  return {
    topic: "github",
    partitions: 3,
    rows: lines.map((line) => ({ key: line.slice(0, line.indexOf(",")), value: line })),
    contentType: "application/x-ndjson",
    encode: (rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join(""),
  };
}

/** 1,707 earthquakes, by id; MessagePack, keys and values as bytes. */
function earthquakes(): Dataset {
  const { features } = JSON.parse(readText("earthquakes.json")) as { features: { id: string }[] };
  return {
    topic: "earthquakes",
    partitions: 4,
    rows: features.map((feature) => ({ key: feature.id, value: JSON.stringify(feature) })),
    contentType: "application/msgpack",
    encode: (rows) => {
      const records = rows.map(({ key, value }) => ({ key: utf8.encode(key), value: utf8.encode(value) }));
      return new Uint8Array(packr.pack({ records, compression: "zstd" }));
    },
  };
}

export function loadDatasets(): Dataset[] {
  return [flights(), github(), earthquakes()];
}
