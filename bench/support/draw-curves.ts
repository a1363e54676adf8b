// Draws ratios over a partition's size as an SVG: one panel a goal, the size on a logarithmic axis, the goal as a dashed line.

/** A figure of a partition of this size, over the empty one's. */
export interface Point {
  readonly gigabytes: number;
  readonly ratio: number;
}

export interface Panel {
  readonly title: string;
  /** The largest ratio that is well. */
  readonly goal: number;
  readonly curves: Readonly<Record<string, readonly Point[]>>;
}

const WIDTH = 460;
const PLOT_HEIGHT = 220;
const MARGIN = { left: 48, right: 16, top: 44, bottom: 44 };
const LEGEND_LINE = 18;
const COLOURS = ["#0b6e99", "#c2410c", "#4d7c0f", "#7e22ce", "#be123c", "#0f766e"];
const STYLE = "text{font:12px system-ui,sans-serif;fill:#333}.title{font-weight:600;font-size:14px}.axis{stroke:#999}.grid{stroke:#e5e5e5}";

/** The panels side by side. */
export function drawCurves(panels: readonly Panel[], caption: string): string {
  const lines = Math.max(...panels.map(({ curves }) => Object.keys(curves).length));
  const height = MARGIN.top + PLOT_HEIGHT + MARGIN.bottom + lines * LEGEND_LINE + 24;
  const width = panels.length * WIDTH;
  const drawn = panels.map((panel, index) => `<g transform="translate(${index * WIDTH} 0)">\n${drawPanel(panel)}\n</g>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escapeXml(caption)}</title>
<style>${STYLE}</style>
<rect width="${width}" height="${height}" fill="#fff"/>
${drawn.join("\n")}
<text x="${MARGIN.left}" y="${height - 10}">${escapeXml(caption)}</text>
</svg>
`;
}

function drawPanel({ title, goal, curves }: Panel): string {
  const points = Object.values(curves).flat();
  const sizes = [...new Set(points.map(({ gigabytes }) => gigabytes))].sort((a, b) => a - b);
  const top = Math.ceil(Math.max(goal, ...points.map(({ ratio }) => ratio)) * 2.2) / 2;
  const [first, last] = [Math.log10(sizes[0]!), Math.log10(sizes.at(-1)!)];
  const plotWidth = WIDTH - MARGIN.left - MARGIN.right;
  const x = (gigabytes: number) => MARGIN.left + plotWidth * (first === last ? 0.5 : (Math.log10(gigabytes) - first) / (last - first));
  const y = (ratio: number) => MARGIN.top + PLOT_HEIGHT * (1 - ratio / top);
  const ticks = Array.from({ length: 6 }, (_, index) => (top * index) / 5);
  return [
    `<text class="title" x="${MARGIN.left}" y="22">${escapeXml(title)}</text>`,
    ...ticks.flatMap((ratio) => [
      line("grid", MARGIN.left, y(ratio), WIDTH - MARGIN.right, y(ratio)),
      `<text x="${MARGIN.left - 6}" y="${fixed(y(ratio) + 4)}" text-anchor="end">${ratio.toFixed(1)}</text>`,
    ]),
    ...sizes.map((size) => `<text x="${fixed(x(size))}" y="${MARGIN.top + PLOT_HEIGHT + 18}" text-anchor="middle">${size} GB</text>`),
    line("axis", MARGIN.left, y(0), WIDTH - MARGIN.right, y(0)),
    `<g stroke-dasharray="5 4">${line("axis", MARGIN.left, y(goal), WIDTH - MARGIN.right, y(goal))}</g>`,
    `<text x="${WIDTH - MARGIN.right}" y="${fixed(y(goal) - 5)}" text-anchor="end">goal: ${goal} x empty</text>`,
    ...Object.entries(curves).map(([name, curve], index) => drawCurve(name, curve, index, x, y)),
  ].join("\n");
}

function drawCurve(
  name: string,
  curve: readonly Point[],
  index: number,
  x: (size: number) => number,
  y: (ratio: number) => number,
): string {
  const colour = COLOURS[index % COLOURS.length]!;
  const places = curve.map(({ gigabytes, ratio }) => ({ x: fixed(x(gigabytes)), y: fixed(y(ratio)), ratio }));
  const legendY = MARGIN.top + PLOT_HEIGHT + MARGIN.bottom + index * LEGEND_LINE;
  const figures = curve.map(({ ratio }) => ratio.toFixed(2)).join(", ");
  return [
    `<polyline points="${places.map((place) => `${place.x},${place.y}`).join(" ")}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...places.map((place) => `<circle cx="${place.x}" cy="${place.y}" r="3.5" fill="${colour}"/>`),
    `<circle cx="${MARGIN.left + 4}" cy="${legendY - 4}" r="4" fill="${colour}"/>`,
    `<text x="${MARGIN.left + 14}" y="${legendY}">${escapeXml(name)}: ${figures}</text>`,
  ].join("\n");
}

function line(name: string, x1: number, y1: number, x2: number, y2: number): string {
  return `<line class="${name}" x1="${fixed(x1)}" y1="${fixed(y1)}" x2="${fixed(x2)}" y2="${fixed(y2)}"/>`;
}

function fixed(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
