import type { ActionBody, IncidentDetail } from "../api/types";
import { Failure } from "../api/problem";
import type { Entry } from "./types";

/** What sending needs; the page gives IndexedDB and the hub, a test gives arrays. */
export interface Ports {
  entries(): Promise<Entry[]>;
  put(entry: Entry): Promise<void>;
  remove(id: string): Promise<void>;
  putPicture(sha256: string, jpeg: Blob): Promise<void>;
  act(incident: string, body: ActionBody, key: string): Promise<IncidentDetail>;
}

export type Outcome =
  | { entry: Entry; result: "sent"; incident: IncidentDetail }
  | { entry: Entry; result: "refused"; failure: Failure }
  | { entry: Entry; result: "waiting"; failure: Failure };

/** Pictures first, each remembered once the hub has it: a broken connection resumes there. */
async function deliver(entry: Entry, ports: Ports): Promise<IncidentDetail> {
  for (const shot of entry.shots) {
    if (entry.uploaded.includes(shot.sha256)) continue;
    await ports.putPicture(shot.sha256, new Blob([shot.jpeg], { type: "image/jpeg" }));
    entry.uploaded.push(shot.sha256);
    await ports.put(entry);
  }
  return ports.act(entry.incident, entry.body, entry.id);
}

async function attempt(entry: Entry, ports: Ports): Promise<Outcome> {
  try {
    const incident = await deliver(entry, ports);
    await ports.remove(entry.id);
    return { entry, result: "sent", incident };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const refused = error.kind === "refused";
    const next: Entry = { ...entry, attempts: entry.attempts + 1 };
    if (refused) {
      next.state = "refused";
      next.status = error.status;
      next.detail = error.message;
    }
    await ports.put(next);
    return { entry: next, result: refused ? "refused" : "waiting", failure: error };
  }
}

/**
 * Sends what waits, oldest first and in order per incident. The first entry without an answer ends
 * the round; one the hub refuses stays, and holds back the later ones of its incident until a
 * person has decided on it.
 */
export async function flush(ports: Ports): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const held = new Set<string>();
  for (const entry of await ports.entries()) {
    if (entry.state === "refused") held.add(entry.incident);
    if (held.has(entry.incident)) continue;
    const outcome = await attempt(entry, ports);
    outcomes.push(outcome);
    if (outcome.result === "refused") held.add(entry.incident);
    if (outcome.result === "waiting") break;
  }
  return outcomes;
}
