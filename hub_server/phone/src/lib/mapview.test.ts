import { describe, expect, it } from "vitest";

import type { Area } from "../api/types";
import { mapView } from "./mapview";

const square = (code: string, level: Area["level"], lon: number, lat: number, side: number): Area => ({
  code,
  level,
  zh: code,
  en: code,
  outline: [
    [lon, lat],
    [lon + side, lat],
    [lon + side, lat + side],
    [lon, lat + side],
  ],
});
const AREAS = [
  square("33", "county", 119, 29, 1),
  square("3301", "community", 119.1, 29.1, 0.02),
  square("330101", "grid", 119.1, 29.1, 0.01),
];
const AT = { lat: 29.105, lon: 119.105 };

describe("the map of an incident", () => {
  it("shows the community around the grid, the marker inside the grid", () => {
    const view = mapView(AREAS, "330101", AT, 400, 200);
    const own = view.shapes.find((s) => s.own);
    expect(own?.code).toBe("330101");
    const points = [...(own?.path.matchAll(/(-?[\d.]+) (-?[\d.]+)/g) ?? [])].map((m) => [+m[1]!, +m[2]!]);
    const xs = points.map((p) => p[0]!);
    const ys = points.map((p) => p[1]!);
    expect(view.marker[0]).toBeCloseTo((Math.min(...xs) + Math.max(...xs)) / 2, 0);
    expect(view.marker[1]).toBeCloseTo((Math.min(...ys) + Math.max(...ys)) / 2, 0);
    expect(own?.centre).toEqual(view.marker.map((v) => expect.closeTo(v, 0)));
    expect(Math.max(...xs)).toBeLessThan(400);
    expect(Math.min(...ys)).toBeGreaterThan(0);
  });

  it("puts north at the top", () => {
    const south = mapView(AREAS, "330101", { lat: 29.102, lon: 119.105 }, 400, 200);
    expect(south.marker[1]).toBeGreaterThan(mapView(AREAS, "330101", AT, 400, 200).marker[1]);
  });

  it("draws a scale bar of a round length", () => {
    const view = mapView(AREAS, "330101", AT, 400, 200);
    expect(view.scale.metres).toBe(1000);
    // 0.02° of latitude and a margin of 15 % fill 200 units.
    expect(view.scale.length).toBeCloseTo((1000 * 200) / (0.02 * 111_320 * 1.15), 0);
  });

  it("still shows the marker when no outline is known", () => {
    const view = mapView([], "330101", AT, 400, 200);
    expect(view.shapes).toEqual([]);
    expect(view.marker).toEqual([200, 100]);
  });
});
