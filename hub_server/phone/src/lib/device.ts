import type { Device, Health } from "../api/types";

/** What the one big light says. */
export type Light = "ok" | "fault" | "offline" | "unknown";

export function light(device: Device): Light {
  if (device.state !== "online") return device.state;
  return device.health && device.health.state !== "ok" ? "fault" : "ok";
}

/** One thing to mend: where, and the code that names cause and fix. */
export interface Fault {
  part: string;
  code: string;
}

const LEAST_DISK_MB = 500;

function cameraFaults(health: Health): Fault[] {
  return (health.cameras ?? [])
    .filter((c) => c.state === "fault")
    .map((c) => ({ part: c.name, code: c.fault || "other" }));
}

function ownFaults(health: Health, known: Set<string>): Fault[] {
  const said = (health.faults ?? []).map(split).filter((f) => !known.has(`${f.part}/${f.code}`));
  if (health.clock_set === false) said.push({ part: "", code: "clock" });
  if ((health.disk_free_mb ?? Infinity) < LEAST_DISK_MB) said.push({ part: "", code: "disk" });
  return said;
}

/** A fault of the health message: "part: code", or a bare code of the device itself. */
function split(fault: string): Fault {
  const at = fault.indexOf(":");
  return at < 0
    ? { part: "", code: fault }
    : { part: fault.slice(0, at).trim(), code: fault.slice(at + 1).trim() };
}

/** Everything that needs the technician; a silent device's old health says nothing about now. */
export function faults(device: Device): Fault[] {
  const state = light(device);
  if (state === "offline" || state === "unknown") return [{ part: "", code: state }];
  if (!device.health) return [];
  const cameras = cameraFaults(device.health);
  const known = new Set(cameras.map((f) => `${f.part}/${f.code}`));
  return [...cameras, ...ownFaults(device.health, known)];
}
