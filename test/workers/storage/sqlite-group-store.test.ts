import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { SqliteGroupStore } from "../../../src/storage/sqlite-group-store.ts";
import { aGroup, aMember, groupStoreConformance } from "../../conformance/group-store.ts";

const withStorage = (body: (storage: DurableObjectStorage) => void | Promise<void>) =>
  runInDurableObject(env.GROUP.getByName(crypto.randomUUID()), (_, state) => body(state.storage));

const pieceCount = (storage: DurableObjectStorage) =>
  storage.sql.exec<{ count: number }>("SELECT count(*) AS count FROM group_documents").one().count;

groupStoreConformance((body) => withStorage((storage) => body(new SqliteGroupStore(storage))));

test("a second store over the same storage has everything of the first", () =>
  withStorage((storage) => {
    new SqliteGroupStore(storage).putClassicGroup(aGroup());
    new SqliteGroupStore(storage).putSessions(new Map([["m", 1]]));
    const third = new SqliteGroupStore(storage);
    expect([third.classicGroup(), third.sessions()]).toEqual([aGroup(), new Map([["m", 1]])]);
  }));

test("asking makes no table", () =>
  withStorage((storage) => {
    const store = new SqliteGroupStore(storage);
    expect([store.classicGroup(), store.sessions()]).toEqual([null, null]);
    store.clearSessions();
    expect([...storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'group_documents'")]).toEqual([]);
  }));

test("a group of ordinary size is one row, and a larger one is cut anywhere, within a character too", () =>
  withStorage((storage) => {
    new SqliteGroupStore(storage).putClassicGroup(aGroup());
    expect(pieceCount(storage)).toBe(1);
    for (let maxRowBytes = 1; maxRowBytes <= 8; maxRowBytes++) {
      const store = new SqliteGroupStore(storage, maxRowBytes);
      store.putClassicGroup(aGroup());
      expect(store.classicGroup()).toEqual(aGroup());
    }
    const store = new SqliteGroupStore(storage, 1_000);
    store.putClassicGroup(aGroup({ members: [aMember()] }));
    expect([pieceCount(storage), store.classicGroup()]).toEqual([1, aGroup({ members: [aMember()] })]);
  }));
