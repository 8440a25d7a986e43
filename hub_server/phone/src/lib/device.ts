import type { Device } from "../api/types";

/** What the one big light says. */
export type Light = "ok" | "fault" | "offline" | "unknown";

export function light(device: Device): Light {
  if (device.state !== "online") return device.state;
  return device.health && device.health.state !== "ok" ? "fault" : "ok";
}

/** Whether the last heartbeat still says something about now. */
export const isCurrent = (device: Device): boolean => device.state === "online";
