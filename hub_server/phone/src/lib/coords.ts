/**
 * WGS-84 → GCJ-02, the datum of the maps sold in China. Raw WGS-84 misses by 100-700 m there.
 *
 * Source: the published approximation of the GCJ-02 offset on the Krasovsky 1940 ellipsoid
 * (a = 6378245 m, e² = 0.00669342162296594323), as in the open "eviltransform" formula. Good to
 * a few metres inside China; outside, coordinates are returned as they are.
 */

const A = 6378245.0;
const EE = 0.00669342162296594323;

export interface Point {
  /** degrees */
  lat: number;
  /** degrees */
  lon: number;
}

/** The rectangle within which the offset is defined. */
export function inChina({ lat, lon }: Point): boolean {
  return lon >= 72.004 && lon <= 137.8347 && lat >= 0.8293 && lat <= 55.8271;
}

function wave(v: number, terms: [amplitude: number, divisor: number][]): number {
  return terms.reduce((sum, [amp, div]) => sum + amp * Math.sin((v / div) * Math.PI), 0);
}

function offsetLat(x: number, y: number): number {
  const base = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * Math.sqrt(Math.abs(x));
  const fine = wave(x, [[20, 1 / 6], [20, 1 / 2]]);
  const coarse = wave(y, [[20, 1], [40, 3], [160, 12], [320, 30]]);
  return base + ((fine + coarse) * 2) / 3;
}

function offsetLon(x: number, y: number): number {
  const base = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * Math.sqrt(Math.abs(x));
  const fine = wave(x, [[20, 1 / 6], [20, 1 / 2]]);
  const coarse = wave(x, [[20, 1], [40, 3], [150, 12], [300, 30]]);
  return base + ((fine + coarse) * 2) / 3;
}

export function wgs84ToGcj02(point: Point): Point {
  if (!inChina(point)) return point;
  const [x, y] = [point.lon - 105, point.lat - 35];
  const radLat = (point.lat / 180) * Math.PI;
  const magic = 1 - EE * Math.sin(radLat) ** 2;
  const metresPerLat = ((A * (1 - EE)) / (magic * Math.sqrt(magic)) / 180) * Math.PI;
  const metresPerLon = ((A / Math.sqrt(magic)) * Math.cos(radLat) * Math.PI) / 180;
  return {
    lat: point.lat + offsetLat(x, y) / metresPerLat,
    lon: point.lon + offsetLon(x, y) / metresPerLon,
  };
}

/** Walking directions in amap (高德), which wants GCJ-02; opens the app where it is installed. */
export function amapLink(point: Point, name: string): string {
  const to = wgs84ToGcj02(point);
  const params = new URLSearchParams({
    to: `${to.lon.toFixed(6)},${to.lat.toFixed(6)},${name}`,
    mode: "walk",
    coordinate: "gaode",
    callnative: "1",
  });
  return `https://uri.amap.com/navigation?${params}`;
}

/** RFC 5870: a geo URI is WGS-84. */
export function geoLink({ lat, lon }: Point, name: string): string {
  const at = `${lat.toFixed(6)},${lon.toFixed(6)}`;
  return `geo:${at}?q=${at}(${encodeURIComponent(name)})`;
}
