// The local archive's index: one Durable Object that knows every object, every upload under way and every blob that is to be erased.

import { DurableObject } from "cloudflare:workers";
import type { ListPage } from "../bucket.ts";
import type { Conditional, ListRequest, ObjectHead, PublishedPart } from "../protocol.ts";
import { type Answer, answer } from "./answer.ts";
import type { LocalEnv } from "./env.ts";
import { IndexStore, type Piece, type StoredObject, type StoredPart, selectParts, type Upload } from "./index-store.ts";
import { listKeys } from "./list-keys.ts";

/** An upload that nobody has finished for so long is given up. */
const UPLOAD_LIFETIME_MS = 24 * 3_600_000;

/** A reader that found an object goes on reading it for a while after it was deleted. */
const ERASE_DELAY_MS = 60_000;

const ERASE_RETRY_MS = 60_000;

/** Blobs erased in one alarm: a few milliseconds each. */
const ERASED_PER_ALARM = 50;

/** A put that has stored its data. */
export interface FinishedPut {
  readonly blob: string;
  readonly pieces: readonly Piece[];
  readonly head: ObjectHead;
  readonly onlyIf: Conditional | null;
}

export interface FinishedUpload {
  readonly blob: string;
  readonly key: string;
  readonly parts: readonly PublishedPart[];
  readonly etag: string;
  readonly version: string;
}

export class ArchiveIndex extends DurableObject<LocalEnv> {
  readonly #store = new IndexStore(this.ctx.storage.sql);

  object(key: string): StoredObject | null {
    return this.#store.object(key);
  }

  list(request: ListRequest): Answer<ListPage> {
    return answer(() => listKeys(request, (start) => this.#store.objectsFrom(start)));
  }

  /** To be called before the first byte goes to the blob. */
  async beginUpload(upload: Upload): Promise<void> {
    this.#store.addUpload(upload, Date.now() + Number(this.env.UPLOAD_LIFETIME_MS ?? UPLOAD_LIFETIME_MS));
    await this.#schedule();
  }

  async commitPut({ blob, pieces, head, onlyIf }: FinishedPut): Promise<Answer<ObjectHead>> {
    const committed = this.#transact(() => {
      this.#store.upload(blob, head.name);
      const object = { head: { ...head, uploaded: Date.now() }, blob, pieces };
      this.#store.commit(object, onlyIf, this.#eraseTime());
      return object.head;
    });
    await this.#schedule();
    return committed;
  }

  /** Refuses an upload that is not under way: no data may go to a blob that the index does not know. */
  requireUpload(blob: string, key: string): Answer<null> {
    return answer(() => {
      this.#store.upload(blob, key);
      return null;
    });
  }

  /** Answers with the piece that this part had before, if any: it is to be dropped. */
  commitPart(blob: string, key: string, part: StoredPart): Answer<number | null> {
    return this.#transact(() => {
      this.#store.upload(blob, key);
      return this.#store.putPart(blob, part);
    });
  }

  /** Answers with the object. What its blob holds beside the object's pieces (parts that it leaves out) is of no use any more. */
  async commitUpload({ blob, key, parts: published, etag, version }: FinishedUpload): Promise<Answer<StoredObject>> {
    const committed = this.#transact(() => {
      const fields = this.#store.upload(blob, key);
      const parts = selectParts(this.#store.parts(blob), published);
      const size = parts.reduce((sum, part) => sum + part.size, 0);
      const head = { ...fields, name: key, version, size, etag, uploaded: Date.now(), checksums: {} };
      const object = { head, blob, pieces: parts.map(({ piece, size }) => ({ piece, size })) };
      this.#store.commit(object, null, this.#eraseTime());
      return object;
    });
    await this.#schedule();
    return committed;
  }

  async abandonUpload(blob: string, key: string): Promise<void> {
    this.#store.endUpload(blob, key, Date.now());
    await this.#schedule();
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#store.deleteObject(key, this.#eraseTime());
    await this.#schedule();
  }

  override async alarm(): Promise<void> {
    for (const blob of this.#store.takeDue(Date.now(), ERASED_PER_ALARM)) {
      try {
        await this.env.BLOBS.getByName(blob).erase();
        this.#store.forget(blob);
      } catch (error) {
        console.error(`archive: blob ${blob} cannot be erased yet:`, error);
        this.#store.postpone(blob, Date.now() + ERASE_RETRY_MS);
      }
    }
    await this.#schedule();
  }

  #transact<T>(operation: () => T): Answer<T> {
    return answer(() => this.ctx.storage.transactionSync(operation));
  }

  #eraseTime(): number {
    return Date.now() + Number(this.env.ERASE_DELAY_MS ?? ERASE_DELAY_MS);
  }

  /** One alarm for all blobs: it must not come later than the first that is due. */
  async #schedule(): Promise<void> {
    const due = this.#store.nextDue();
    if (due === null) return;
    const alarm = await this.ctx.storage.getAlarm();
    if (alarm === null || alarm > due) await this.ctx.storage.setAlarm(due);
  }
}
