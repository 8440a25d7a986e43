import { expect, test } from "vitest";
import { markReachable, markUnreachable, online, watchNetwork } from "./online";

const listeners: Record<string, () => void> = {};
Object.assign(globalThis, {
  window: { addEventListener: (name: string, call: () => void) => (listeners[name] = call) },
});

test("an answer from before the network was lost does not hide the loss", () => {
  watchNetwork(() => undefined);
  const before = performance.now();
  listeners["offline"]?.();
  markReachable(before);
  expect(online.value).toBe(false);
  markReachable(performance.now() + 1);
  expect(online.value).toBe(true);
});

test("the last call's fate counts", () => {
  markUnreachable();
  expect(online.value).toBe(false);
});
