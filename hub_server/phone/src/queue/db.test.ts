import "fake-indexeddb/auto";

import { describe, expect, it } from "vitest";

import { draftOf, draftToEntry, entries, forgetKept, keep, kept, putDraft, putEntry } from "./db";
import type { Entry } from "./types";

const entry = (id: string, user: string, created_at: number): Entry => ({
  id,
  user,
  incident: "one",
  number: "1",
  type: "crowd",
  body: { action: "handle" },
  shots: [],
  uploaded: [],
  created_at,
  attempts: 0,
  state: "waiting",
});

describe("what the phone keeps", () => {
  it("gives a user only his own entries, oldest first", async () => {
    await putEntry(entry("b", "li", 2));
    await putEntry(entry("a", "li", 1));
    await putEntry(entry("c", "wang", 0));
    expect((await entries("li")).map((e) => e.id)).toEqual(["a", "b"]);
  });

  it("turns a draft into an entry at once", async () => {
    const jpeg = new Uint8Array([1, 2, 3]).buffer;
    const shots = [{ sha256: "s", kind: "handle_before" as const, jpeg }];
    await putDraft({ user: "li", incident: "one", note: "n", shots });
    expect((await draftOf("li", "one"))?.note).toBe("n");
    await draftToEntry({ ...entry("d", "li", 3), shots });
    expect(await draftOf("li", "one")).toBeUndefined();
    const last = (await entries("li")).pop();
    expect(new Uint8Array(last!.shots[0]!.jpeg)).toEqual(new Uint8Array([1, 2, 3]));
  });

  it("forgets the hub's answers but not what is unsent", async () => {
    await keep("areas", [1]);
    expect((await kept("areas"))?.value).toEqual([1]);
    await forgetKept();
    expect(await kept("areas")).toBeUndefined();
    expect(await entries("wang")).toHaveLength(1);
  });
});
