import type { Area, LonLat } from "../api/types";
import type { Point } from "./coords";

/** An area's outline in the units of the drawing. */
export interface Shape {
  code: string;
  path: string;
  /** Where its name goes. */
  centre: [x: number, y: number];
  own: boolean;
}

export interface MapView {
  width: number;
  height: number;
  shapes: Shape[];
  marker: [x: number, y: number];
  /** A round distance for the scale bar: metres, and its length in the drawing. */
  scale: { metres: number; length: number };
}

const METRES_PER_DEGREE = 111_320;
const ROUND = [20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000];
const MIN_RADIUS_M = 250;

type Metres = [east: number, north: number];

/** Metres east and north of the point; equirectangular, good to centimetres at this size. */
function project(origin: Point): (at: LonLat) => Metres {
  const shrink = Math.cos((origin.lat * Math.PI) / 180);
  return ([lon, lat]) => [
    (lon - origin.lon) * shrink * METRES_PER_DEGREE,
    (lat - origin.lat) * METRES_PER_DEGREE,
  ];
}

function box(rings: Metres[][]): [number, number, number, number] {
  const all = [[0, 0] as Metres, ...rings.flat()];
  const [xs, ys] = [all.map((p) => p[0]), all.map((p) => p[1])];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** The smallest ring of areas worth showing: the community of the grid, else whatever is known. */
function frameAreas(areas: Area[], grid: string): Area[] {
  const around = areas.filter((a) => a.level === "community" && grid.startsWith(a.code));
  const own = areas.filter((a) => a.code === grid);
  if (around.length) return around;
  return own.length ? own : areas;
}

function pathOf(ring: [number, number][]): string {
  return ring.length ? `M${ring.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}Z` : "";
}

/** The middle of its box: unlike the mean of its points, it does not drift to where they are dense. */
function centreOf(ring: [number, number][]): [number, number] {
  const [xs, ys] = [ring.map((p) => p[0]), ring.map((p) => p[1])];
  return [(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2];
}

/** The map of one incident: outlines around it, fitted into width × height with a margin. */
export function mapView(areas: Area[], grid: string, at: Point, width: number, height: number): MapView {
  const metres = project(at);
  const drawn = areas.filter((a) => a.outline.length >= 3);
  const [x0, y0, x1, y1] = box(frameAreas(drawn, grid).map((a) => a.outline.map(metres)));
  const [cx, cy] = [(x0 + x1) / 2, (y0 + y1) / 2];
  const reach = Math.max(MIN_RADIUS_M, ((x1 - x0) / 2) * (height / width), (y1 - y0) / 2) * 1.15;
  const perMetre = height / 2 / reach;
  const place = ([x, y]: Metres): [number, number] => [
    width / 2 + (x - cx) * perMetre,
    height / 2 - (y - cy) * perMetre,
  ];
  const shapes = drawn.map((area): Shape => {
    const ring = area.outline.map((p) => place(metres(p)));
    return { code: area.code, path: pathOf(ring), centre: centreOf(ring), own: area.code === grid };
  });
  const metresBar = ROUND.filter((m) => m * perMetre <= width * 0.3).pop() ?? ROUND[0]!;
  return { width, height, shapes, marker: place([0, 0]), scale: { metres: metresBar, length: metresBar * perMetre } };
}
