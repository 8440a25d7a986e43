import { describe, expect, it } from "vitest";

import type { Action } from "../api/types";
import { actionsAfter } from "./predict";
import type { Entry } from "./types";

const queued = (...actions: Action[]): Entry[] => actions.map((action) => ({ body: { action } }) as Entry);

describe("what may be done before the hub has heard", () => {
  it("is what the hub said, while nothing waits", () => {
    expect(actionsAfter(["acknowledge", "return"], [])).toEqual(["acknowledge", "return"]);
  });
  it("is handling, once taken on", () => {
    expect(actionsAfter(["acknowledge", "return"], queued("acknowledge"))).toEqual(["return", "handle"]);
  });
  it("is nothing, once handled or given back", () => {
    expect(actionsAfter(["acknowledge"], queued("acknowledge", "handle"))).toEqual([]);
    expect(actionsAfter(["handle"], queued("return"))).toEqual([]);
  });
});
