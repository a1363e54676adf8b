// Cycles among committed transactions, in Adya's terms (as Elle finds them):
//
//   ww  a record of T1 is right before one of T2 in a partition, those of others left out
//   wr  T2 read a record of T1
//
// A cycle of ww edges is G0, one of wr edges G1c, one of both G1c-ww. What a reader of committed records read was committed before, so that wr
// edges follow time, and never close a cycle.

import type { Anomaly, AnomalyKind } from "./anomalies.ts";
import type { TransactionOperation } from "./history.ts";
import type { ObservedLog } from "./observed-log.ts";

interface Edge {
  readonly to: TransactionOperation;
  readonly kind: "ww" | "wr";
  readonly reason: string;
}

type Graph = ReadonlyMap<TransactionOperation, readonly Edge[]>;

export function checkCycles(log: ObservedLog): Anomaly[] {
  const graph = dependencies(log);
  const only = (kind: Edge["kind"]): Graph =>
    new Map([...graph].map(([node, edges]) => [node, edges.filter((edge) => edge.kind === kind)]));
  const mixed = cyclesIn(graph, "G1c-ww").filter(({ detail }) => detail.includes(" wr ") && detail.includes(" ww "));
  return [...cyclesIn(only("ww"), "G0"), ...cyclesIn(only("wr"), "G1c"), ...mixed];
}

function dependencies(log: ObservedLog): Graph {
  const graph = new Map<TransactionOperation, Edge[]>();
  for (const transaction of log.transactions) if (log.outcomeOf(transaction) === "ok") graph.set(transaction, []);
  for (const place of log.places) {
    let before: { transaction: TransactionOperation; value: string } | null = null;
    for (const [, sightings] of log.sightings(place)) {
      const value = sightings[0]!.value;
      const transaction = log.sent.get(value)?.writer;
      if (transaction?.kind !== "transaction" || !graph.has(transaction)) continue;
      if (before !== null && before.transaction !== transaction) {
        graph.get(before.transaction)!.push({ to: transaction, kind: "ww", reason: `${before.value} before ${value} in ${place}` });
      }
      before = { transaction, value };
    }
  }
  for (const reader of graph.keys()) {
    for (const value of reader.reads) {
      const writer = log.sent.get(value)?.writer;
      if (writer?.kind === "transaction" && writer !== reader) graph.get(writer)?.push({ to: reader, kind: "wr", reason: `${value} read` });
    }
  }
  return graph;
}

/** One cycle, a shortest through its first transaction, of each strongly connected component. */
function cyclesIn(graph: Graph, kind: AnomalyKind): Anomaly[] {
  return components(graph)
    .filter((component) => component.length > 1)
    .map((component) => {
      const cycle = shortestCycle(graph, component);
      const steps = cycle.map(({ from, edge }, index) => `T${index + 1} (${from.client}) ${edge.kind} ${edge.reason}`);
      const detail = `${steps.join(", ")}, back to T1; ${component.length} transactions are in cycles with each other`;
      return { kind, detail, operations: cycle.map(({ from }) => from) };
    });
}

interface Step {
  readonly from: TransactionOperation;
  readonly edge: Edge;
}

/** Breadth first, from the first of the component back to it. */
function shortestCycle(graph: Graph, component: readonly TransactionOperation[]): Step[] {
  const members = new Set(component);
  const start = component[0]!;
  const cameBy = new Map<TransactionOperation, Step>();
  const queue = [start];
  for (const node of queue) {
    for (const edge of graph.get(node)!) {
      if (!members.has(edge.to) || cameBy.has(edge.to)) continue;
      cameBy.set(edge.to, { from: node, edge });
      queue.push(edge.to);
    }
    if (cameBy.has(start)) break;
  }
  const steps: Step[] = [];
  for (let step = cameBy.get(start)!; ; step = cameBy.get(step.from)!) {
    steps.unshift(step);
    if (step.from === start) return steps;
  }
}

interface Visit {
  readonly node: TransactionOperation;
  readonly edges: readonly Edge[];
  next: number;
}

/** Tarjan's algorithm, with a stack of its own: a history may chain more transactions than calls can nest. */
function components(graph: Graph): TransactionOperation[][] {
  const found: TransactionOperation[][] = [];
  const indexes = new Map<TransactionOperation, number>();
  const lows = new Map<TransactionOperation, number>();
  const open: TransactionOperation[] = [];
  const isOpen = new Set<TransactionOperation>();
  const lower = (node: TransactionOperation, index: number) => lows.set(node, Math.min(lows.get(node)!, index));
  for (const root of graph.keys()) {
    if (indexes.has(root)) continue;
    const visits: Visit[] = [];
    const enter = (node: TransactionOperation) => {
      const index = indexes.size;
      indexes.set(node, index);
      lows.set(node, index);
      open.push(node);
      isOpen.add(node);
      visits.push({ node, edges: graph.get(node)!, next: 0 });
    };
    enter(root);
    for (let visit = visits.at(-1); visit !== undefined; visit = visits.at(-1)) {
      const { node } = visit;
      const edge = visit.edges[visit.next++];
      if (edge !== undefined) {
        if (!indexes.has(edge.to)) enter(edge.to);
        else if (isOpen.has(edge.to)) lower(node, indexes.get(edge.to)!);
        continue;
      }
      visits.pop();
      const parent = visits.at(-1);
      if (parent !== undefined) lower(parent.node, lows.get(node)!);
      if (lows.get(node) === indexes.get(node)) {
        const component = open.splice(open.lastIndexOf(node));
        for (const member of component) isOpen.delete(member);
        found.push(component);
      }
    }
  }
  return found;
}
