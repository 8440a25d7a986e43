import type { Action } from "../api/types";
import type { Entry } from "./types";

/** What a worker may do after an action that the hub has not seen yet. */
const AFTER: Partial<Record<Action, Action[]>> = { acknowledge: ["return", "handle"] };

/** The actions to offer while entries of this incident still wait. */
export function actionsAfter(actions: Action[], queued: Entry[]): Action[] {
  const last = queued[queued.length - 1];
  return last ? (AFTER[last.body.action] ?? []) : actions;
}
