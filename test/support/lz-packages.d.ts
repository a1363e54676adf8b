// Types of the reference codecs on npm that come without any: only what tests and benchmarks call.

declare module "lz4js" {
  export function compress(input: Uint8Array): Uint8Array;
  export function decompress(input: Uint8Array, maxLength?: number): Uint8Array;
}

declare module "snappyjs" {
  export function compress(input: Uint8Array): Uint8Array;
  export function uncompress(input: Uint8Array): Uint8Array;
}
