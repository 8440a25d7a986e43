import { afterEach, describe, expect, it, vi } from "vitest";

import { sha256Hex } from "./sha256";

// FIPS 180-4 example B.1
const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const abc = new TextEncoder().encode("abc");

afterEach(() => vi.unstubAllGlobals());

describe("SHA-256", () => {
  it("is the browser's where there is one", async () => {
    expect(await sha256Hex(abc)).toBe(ABC);
  });

  it("is our own on plain http", async () => {
    vi.stubGlobal("crypto", {});
    expect(await sha256Hex(abc)).toBe(ABC);
  });
});
