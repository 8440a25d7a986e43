import { beforeEach, describe, expect, it } from "vitest";

import { Failure } from "../api/problem";
import type { IncidentDetail } from "../api/types";
import { flush } from "./flush";
import type { Ports } from "./flush";
import type { Entry } from "./types";

type Fate = "ok" | "offline" | 409 | 503;

const jpeg = new ArrayBuffer(4);
const entry = (id: string, incident: string, shots: string[] = []): Entry => ({
  id,
  user: "li",
  incident,
  number: incident,
  type: "crowd",
  body: { action: "acknowledge" },
  shots: shots.map((sha256) => ({ sha256, kind: "handle_before", jpeg })),
  uploaded: [],
  created_at: 0,
  attempts: 0,
  state: "waiting",
});

let kept: Map<string, Entry>;
let acted: string[];
let uploads: string[];
let fates: Record<string, Fate[]>;

function meet(name: string): void {
  const fate = fates[name]?.shift() ?? "ok";
  if (fate === "offline") throw new Failure("offline", 0);
  if (fate === 503) throw new Failure("retry", 503);
  if (fate === 409) throw new Failure("refused", 409);
}

const ports: Ports = {
  entries: async () => [...kept.values()].map((e) => structuredClone(e)),
  put: async (e) => void kept.set(e.id, structuredClone(e)),
  remove: async (id) => void kept.delete(id),
  putPicture: async (sha256) => {
    meet(sha256);
    uploads.push(sha256);
  },
  act: async (incident, _body, key) => {
    meet(key);
    acted.push(`${incident}/${key}`);
    return { id: incident } as IncidentDetail;
  },
};

const fill = (...entries: Entry[]): void => entries.forEach((e) => kept.set(e.id, e));
const results = async (): Promise<string[]> =>
  (await flush(ports)).map((o) => `${o.entry.id} ${o.result}`);

beforeEach(() => {
  kept = new Map();
  acted = [];
  uploads = [];
  fates = {};
});

describe("sending the queue", () => {
  it("sends in order and forgets what was sent", async () => {
    fill(entry("a", "one"), entry("b", "two"));
    expect(await results()).toEqual(["a sent", "b sent"]);
    expect(acted).toEqual(["one/a", "two/b"]);
    expect(kept.size).toBe(0);
  });

  it.each(["offline", 503] as const)("ends the round at the first without an answer: %s", async (fate) => {
    fates = { a: [fate] };
    fill(entry("a", "one"), entry("b", "two"));
    expect(await results()).toEqual(["a waiting"]);
    expect([...kept.keys()]).toEqual(["a", "b"]);
    expect(kept.get("a")?.attempts).toBe(1);
  });

  it("repeats with the same key", async () => {
    fates = { a: ["offline"] };
    fill(entry("a", "one"));
    await flush(ports);
    await flush(ports);
    expect(acted).toEqual(["one/a"]);
  });

  it("keeps what was refused, and holds back only its own incident", async () => {
    fates = { a: [409] };
    fill(entry("a", "one"), entry("b", "one"), entry("c", "two"));
    expect(await results()).toEqual(["a refused", "c sent"]);
    expect(kept.get("a")).toMatchObject({ state: "refused", status: 409 });
    expect(await results()).toEqual([]);
    expect([...kept.keys()]).toEqual(["a", "b"]);
  });

  it("sends pictures before the action, and none twice", async () => {
    fates = { p2: ["offline"] };
    fill(entry("a", "one", ["p1", "p2"]));
    expect(await results()).toEqual(["a waiting"]);
    expect(acted).toEqual([]);
    expect(await results()).toEqual(["a sent"]);
    expect(uploads).toEqual(["p1", "p2"]);
  });

  it("does not hide a fault of the page", async () => {
    fill(entry("a", "one"));
    const broken = { ...ports, remove: () => Promise.reject(new TypeError("broken")) };
    await expect(flush(broken)).rejects.toThrow("broken");
  });
});
