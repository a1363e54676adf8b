// The one place that touches WebAssembly.Memory: instantiates the core and hands out its exports and its scratch region.
//
// Invariant: views into the memory are taken after the last `reserve` of a call and are not kept across calls, because growing the
// memory detaches them.

/** The core's exports (assembly/index.ts). Pointers, lengths and statuses are i32. */
export interface CoreExports {
  readonly memory: WebAssembly.Memory;
  scratch(): number;
  reserve(bytes: number): number;
}

export class Core {
  readonly exports: CoreExports;
  /** First byte of the scratch region. */
  readonly scratch: number;

  constructor(module: WebAssembly.Module) {
    this.exports = new WebAssembly.Instance(module).exports as unknown as CoreExports;
    this.scratch = this.exports.scratch();
  }
}
