import type { Incident, Role, State, User } from "../api/types";

const OPERATOR: readonly State[] = [
  "reported",
  "pending_verify",
  "pending_register",
  "pending_dispatch",
  "returned",
  "pending_check",
];
const WORKER: readonly State[] = ["pending_handle", "handling"];
const FINAL: readonly State[] = ["closed", "not_accepted"];
const LEVELS = ["red", "orange", "yellow", "blue"];

export const isFinal = (state: State): boolean => FINAL.includes(state);

/** The states in which a case waits for people of this role. */
export const waitingStates = (role: Role): readonly State[] => (role === "worker" ? WORKER : OPERATOR);

/** Whether it waits for this person. */
export function isMine(incident: Incident, user: User): boolean {
  const dispatched = user.role !== "worker" || incident.worker === user.name;
  return dispatched && waitingStates(user.role).includes(incident.state);
}

const due = (i: Incident): number => (i.due_at ? Date.parse(i.due_at) : Number.MAX_SAFE_INTEGER);

/** Red first, then what runs out first, then the graver level, then the older. */
export function byUrgency(a: Incident, b: Incident): number {
  return (
    Number(b.colour === "red") - Number(a.colour === "red") ||
    due(a) - due(b) ||
    LEVELS.indexOf(a.colour) - LEVELS.indexOf(b.colour) ||
    Date.parse(a.opened_at) - Date.parse(b.opened_at)
  );
}
