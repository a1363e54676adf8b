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
  return [
    ...cyclesIn(only("ww"), "G0", anyCycle),
    ...cyclesIn(only("wr"), "G1c", anyCycle),
    ...cyclesIn(graph, "G1c-ww", mixedCycle), // one of ww edges alone may be shorter, and says nothing of those of both
  ];
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

interface Step {
  readonly from: TransactionOperation;
  readonly edge: Edge;
}

type Component = ReadonlySet<TransactionOperation>;

/** One cycle of each strongly connected component, if it has one that is wanted. */
function cyclesIn(graph: Graph, kind: AnomalyKind, choose: (graph: Graph, component: Component) => Step[] | null): Anomaly[] {
  return components(graph).flatMap((component) => {
    const cycle = component.length > 1 ? choose(graph, new Set(component)) : null;
    if (cycle === null) return [];
    const steps = cycle.map(({ from, edge }, index) => `T${index + 1} (${from.client}) ${edge.kind} ${edge.reason}`);
    const detail = `${steps.join(", ")}, back to T1; ${component.length} transactions are in cycles with each other`;
    return [{ kind, detail, operations: cycle.map(({ from }) => from) }];
  });
}

function anyCycle(graph: Graph, component: Component): Step[] {
  const start = [...component][0]!;
  return shortestPath(graph, component, start, start);
}

/** One that has edges of both kinds; null where there is none. */
function mixedCycle(graph: Graph, component: Component): Step[] | null {
  for (const from of component) {
    for (const edge of graph.get(from)!) {
      if (edge.kind !== "wr" || !component.has(edge.to)) continue;
      const cycle = [{ from, edge }, ...shortestPath(graph, component, edge.to, from)];
      if (cycle.some((step) => step.edge.kind === "ww")) return cycle;
    }
  }
  return null;
}

/** Breadth first, of one step or more. Within a component there is one from each to each. */
function shortestPath(graph: Graph, component: Component, start: TransactionOperation, end: TransactionOperation): Step[] {
  const cameBy = new Map<TransactionOperation, Step>();
  const queue = [start];
  for (const node of queue) {
    for (const edge of graph.get(node)!) {
      if (!component.has(edge.to) || cameBy.has(edge.to)) continue;
      cameBy.set(edge.to, { from: node, edge });
      queue.push(edge.to);
    }
    if (cameBy.has(end)) break;
  }
  const steps: Step[] = [];
  for (let step = cameBy.get(end)!; ; step = cameBy.get(step.from)!) {
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
