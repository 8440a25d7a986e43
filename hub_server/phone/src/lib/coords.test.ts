import { describe, expect, it } from "vitest";

import { amapLink, geoLink, wgs84ToGcj02 } from "./coords";

// The vectors that the open "eviltransform" formula publishes with its implementations.
const VECTORS = [
  [31.1774276, 121.5272106, 31.17530398364597, 121.531541859215],
  [22.543847, 113.912316, 22.540796131694766, 113.9171764808363],
  [39.911954, 116.377817, 39.91334545536069, 116.38404722455657],
] as const;

describe("WGS-84 to GCJ-02", () => {
  it.each(VECTORS)("moves %f, %f", (lat, lon, gcjLat, gcjLon) => {
    const moved = wgs84ToGcj02({ lat, lon });
    expect(moved.lat).toBeCloseTo(gcjLat, 6);
    expect(moved.lon).toBeCloseTo(gcjLon, 6);
  });

  it("leaves what lies outside China", () => {
    const paris = { lat: 48.8566, lon: 2.3522 };
    expect(wgs84ToGcj02(paris)).toEqual(paris);
  });
});

describe("links", () => {
  const at = { lat: 39.911954, lon: 116.377817 };

  it("gives amap GCJ-02, longitude first", () => {
    const to = new URL(amapLink(at, "东门")).searchParams.get("to");
    expect(to).toBe("116.384047,39.913345,东门");
  });

  it("gives a geo URI WGS-84, latitude first", () => {
    expect(geoLink(at, "East gate")).toBe(
      "geo:39.911954,116.377817?q=39.911954,116.377817(East%20gate)",
    );
  });
});
