# The bare produce door on plain workerd, set up as the broker is (scripts/serve/workerd-config.ts). `objects` is a folder in the
# directory that workerd is started in.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "objects", disk = (path = "objects", writable = true)),
  ],
  sockets = [(name = "kafka", address = "127.0.0.1:0", tcp = (), service = "main")],
);

const main :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed "../../build/door.js"),
    (name = "core.wasm", wasm = embed "../../build/core.wasm"),
  ],
  compatibilityDate = "2026-10-23",
  durableObjectNamespaces = [(className = "DoorObject", uniqueKey = "door", enableSql = true)],
  durableObjectStorage = (localDisk = "objects"),
  bindings = [(name = "DOOR", durableObjectNamespace = "DoorObject")],
);
