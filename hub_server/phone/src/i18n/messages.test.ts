import { describe, expect, it } from "vitest";

import { en } from "./en";
import { zh } from "./zh";
import type { Key } from "./zh";

const holes = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();

describe("the page's words", () => {
  it.each(Object.keys(zh) as Key[])("%s has the same holes in both languages", (key) => {
    expect(holes(en[key])).toEqual(holes(zh[key]));
    expect(en[key]).not.toBe("");
  });

  it("are of their own language", () => {
    const foreign = Object.entries(en).filter(([key, text]) => key !== "lang.other" && /[\u4e00-\u9fff]/.test(text));
    expect(foreign).toEqual([]);
  });
});
