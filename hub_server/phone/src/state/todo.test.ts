import { describe, expect, it } from "vitest";

import type { Incident, User } from "../api/types";
import { byUrgency, isMine } from "./todo";

const incident = (over: Partial<Incident>): Incident =>
  ({ colour: "blue", due_at: null, opened_at: "2026-03-02T08:00:00Z", state: "handling", worker: "li", ...over }) as Incident;
const user = (name: string, role: User["role"]): User => ({ name, role, area: "", zh: "", en: "", phone: "" });

describe("what waits for whom", () => {
  it("is the worker's own cases, until handled", () => {
    expect(isMine(incident({}), user("li", "worker"))).toBe(true);
    expect(isMine(incident({ worker: "wang" }), user("li", "worker"))).toBe(false);
    expect(isMine(incident({ state: "pending_check" }), user("li", "worker"))).toBe(false);
  });
  it("is the operator's from report to dispatch, when returned, and to check", () => {
    expect(isMine(incident({ state: "pending_check" }), user("zhao", "operator"))).toBe(true);
    expect(isMine(incident({ state: "returned", worker: null }), user("zhao", "admin"))).toBe(true);
    expect(isMine(incident({}), user("zhao", "operator"))).toBe(false);
    expect(isMine(incident({ state: "closed" }), user("zhao", "operator"))).toBe(false);
  });
});

describe("the order of the list", () => {
  it("is red, then what runs out first, then the graver level, then the older", () => {
    const rows = [
      incident({ id: "young", opened_at: "2026-03-02T09:00:00Z" }),
      incident({ id: "old" }),
      incident({ id: "orange", colour: "orange" }),
      incident({ id: "late", due_at: "2026-03-02T12:00:00Z" }),
      incident({ id: "soon", due_at: "2026-03-02T10:00:00Z" }),
      incident({ id: "red", colour: "red", due_at: "2026-03-03T10:00:00Z" }),
    ];
    expect(rows.sort(byUrgency).map((i) => i.id)).toEqual(["red", "soon", "late", "orange", "old", "young"]);
  });
});
