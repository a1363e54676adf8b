// The compiled core (scripts/build-core.ts), as bundlers and workerd hand it over.
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
