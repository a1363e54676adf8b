// The bindings that `cloudflare:workers` and `cloudflare:test` give to tests are the Worker's own.
declare namespace Cloudflare {
  interface Env extends SluiceEnv {}
  interface GlobalProps {
    mainModule: typeof import("../../src/index.ts");
  }
}

type SluiceEnv = import("../../src/env.ts").Env;
