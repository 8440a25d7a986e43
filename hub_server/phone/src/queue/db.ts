import { openDB } from "idb";
import type { DBSchema, IDBPDatabase } from "idb";

import type { Draft, Entry } from "./types";

interface Kept {
  key: string;
  at: number;
  value: unknown;
}

interface Schema extends DBSchema {
  queue: { key: string; value: Entry };
  drafts: { key: [user: string, incident: string]; value: Draft };
  kept: { key: string; value: Kept };
}

let opened: Promise<IDBPDatabase<Schema>> | null = null;

function db(): Promise<IDBPDatabase<Schema>> {
  opened ??= openDB<Schema>("linli", 1, {
    upgrade(base) {
      base.createObjectStore("queue", { keyPath: "id" });
      base.createObjectStore("drafts", { keyPath: ["user", "incident"] });
      base.createObjectStore("kept", { keyPath: "key" });
    },
  });
  return opened;
}

const byAge = (a: Entry, b: Entry): number => a.created_at - b.created_at;

export const entries = async (user: string): Promise<Entry[]> =>
  (await (await db()).getAll("queue")).filter((e) => e.user === user).sort(byAge);
export const putEntry = async (entry: Entry): Promise<void> =>
  void (await (await db()).put("queue", entry));
export const deleteEntry = async (id: string): Promise<void> => (await db()).delete("queue", id);

export const draftOf = async (user: string, incident: string): Promise<Draft | undefined> =>
  (await db()).get("drafts", [user, incident]);
export const putDraft = async (draft: Draft): Promise<void> =>
  void (await (await db()).put("drafts", draft));

/** The draft becomes an entry in one transaction: a crash between leaves exactly one of them. */
export async function draftToEntry(entry: Entry): Promise<void> {
  const tx = (await db()).transaction(["queue", "drafts"], "readwrite");
  await Promise.all([
    tx.objectStore("queue").put(entry),
    tx.objectStore("drafts").delete([entry.user, entry.incident]),
    tx.done,
  ]);
}

/** Keeps an answer of the hub to be shown without it. */
export const keep = async (key: string, value: unknown): Promise<void> =>
  void (await (await db()).put("kept", { key, at: Date.now(), value }));
export const kept = async <T>(key: string): Promise<{ at: number; value: T } | undefined> =>
  (await (await db()).get("kept", key)) as { at: number; value: T } | undefined;
export const forgetKept = async (): Promise<void> => (await db()).clear("kept");
