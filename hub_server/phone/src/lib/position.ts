import type { Point } from "./coords";

export interface Fix extends Point {
  /** metres, 68 % */
  accuracy: number;
}

const WAIT_MS = 5_000;
const MAX_AGE_MS = 60_000;

/** Where the phone is, or null: no permission, no fix in time, or a page without https. */
export function position(): Promise<Fix | null> {
  if (!window.isSecureContext || !("geolocation" in navigator)) return Promise.resolve(null);
  return new Promise((resolve) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords: c }) => resolve({ lat: c.latitude, lon: c.longitude, accuracy: c.accuracy }),
      () => resolve(null),
      { enableHighAccuracy: true, timeout: WAIT_MS, maximumAge: MAX_AGE_MS },
    );
  });
}
