// The bindings of the local archive's Worker.

import type { ArchiveBlob } from "./blob-object.ts";
import type { ArchiveIndex } from "./index-object.ts";

export interface LocalEnv {
  readonly INDEX: DurableObjectNamespace<ArchiveIndex>;
  readonly BLOBS: DurableObjectNamespace<ArchiveBlob>;
  /** Milliseconds in decimal; index-object.ts has what holds without. */
  readonly UPLOAD_LIFETIME_MS?: string;
  readonly ERASE_DELAY_MS?: string;
}
