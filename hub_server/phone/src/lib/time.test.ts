import { describe, expect, it } from "vitest";

import { span, urgency } from "./time";

const MIN = 60_000;

describe("urgency", () => {
  it.each([
    ["long before", 8 * 60, 120, "normal"],
    ["in the last hour", 8 * 60, 60, "due_soon"],
    ["in the first half of a short limit", 40, 21, "normal"],
    ["in the last quarter of a short limit", 40, 10, "due_soon"],
    ["when it runs out", 40, 0, "overdue"],
    ["after it", 40, -5, "overdue"],
  ] as const)("%s", (_name, limit, left, expected) => {
    expect(urgency(limit * MIN, 0, (limit - left) * MIN)).toBe(expected);
  });
});

describe("span", () => {
  it("splits into days, hours and minutes", () => {
    expect(span(((26 * 60 + 5) * 60 + 59) * 1000)).toEqual({ days: 1, hours: 2, minutes: 5 });
  });

  it("is never negative", () => {
    expect(span(-1)).toEqual({ days: 0, hours: 0, minutes: 0 });
  });
});
