import { computed, ref, shallowRef } from "vue";

import { act, putPicture } from "../api/calls";
import type { ActionBody, IncidentDetail } from "../api/types";
import { uuid4 } from "../lib/uuid";
import { online } from "../state/online";
import { dropSession, signedIn, user } from "../state/session";
import { deleteEntry, draftToEntry, entries, putEntry } from "./db";
import { flush } from "./flush";
import type { Outcome, Ports } from "./flush";
import type { Entry, Shot } from "./types";

const RETRY_MS = 15_000;

/** What this user has not delivered yet, oldest first. */
export const queue = shallowRef<Entry[]>([]);
export const sending = ref(false);
export const waitingCount = computed(() => queue.value.length);
export const queuedFor = (incident: string): Entry[] =>
  queue.value.filter((e) => e.incident === incident);

const listeners = new Set<(incident: IncidentDetail) => void>();
/** Hears of every incident that an entry of the queue has changed. */
export function onDelivered(listener: (incident: IncidentDetail) => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

const mine = async (): Promise<Entry[]> => (user.value ? entries(user.value.name) : []);
export const reloadQueue = async (): Promise<void> => void (queue.value = await mine());

const ports: Ports = { entries: mine, put: putEntry, remove: deleteEntry, putPicture, act };

/** A round that is under way; a second caller waits for it and then has one of its own. */
let round: Promise<unknown> = Promise.resolve();

async function oneRound(): Promise<Outcome[]> {
  sending.value = true;
  try {
    const outcomes = await flush(ports);
    for (const o of outcomes) if (o.result === "sent") listeners.forEach((hear) => hear(o.incident));
    if (outcomes.some((o) => o.result === "waiting" && o.failure.kind === "session")) dropSession(true);
    return outcomes;
  } finally {
    await reloadQueue();
    sending.value = false;
  }
}

export function sendQueue(): Promise<Outcome[]> {
  const next = round.then(oneRound, oneRound);
  round = next;
  return next;
}

export interface CaseRef {
  id: string;
  number: string;
  type: string;
}

function entryOf(incident: CaseRef, body: ActionBody, shots: Shot[]): Entry {
  return {
    id: uuid4(),
    user: user.value?.name ?? "",
    incident: incident.id,
    number: incident.number,
    type: incident.type,
    body,
    shots,
    uploaded: [],
    created_at: Date.now(),
    attempts: 0,
    state: "waiting",
  };
}

/**
 * Keeps an action first, then tries to send it; says what became of this one. With no connection
 * it does not let the person wait: undefined, and the round goes on behind.
 */
export async function submit(
  incident: CaseRef,
  body: ActionBody,
  shots: Shot[] = [],
): Promise<Outcome | undefined> {
  const entry = entryOf(incident, body, shots);
  await (shots.length ? draftToEntry(entry) : putEntry(entry));
  await reloadQueue();
  if (!online.value) return void sendQueue();
  const outcome = (await sendQueue()).find((o) => o.entry.id === entry.id);
  // Without pictures there is nothing to save: the person is told and can simply decide anew.
  if (outcome?.result === "refused" && shots.length === 0) await discard(entry.id);
  return outcome;
}

export async function discard(id: string): Promise<void> {
  await deleteEntry(id);
  await reloadQueue();
}

export async function retry(entry: Entry): Promise<Outcome[]> {
  const { status: _status, detail: _detail, ...rest } = entry;
  await putEntry({ ...rest, state: "waiting" });
  return sendQueue();
}

export function watchQueue(): void {
  setInterval(() => {
    if (signedIn.value && queue.value.some((e) => e.state === "waiting")) void sendQueue();
  }, RETRY_MS);
}
