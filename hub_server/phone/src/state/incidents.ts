import { computed, ref, shallowRef } from "vue";

import * as api from "../api/calls";
import { Failure } from "../api/problem";
import type { Incident, IncidentPage, User } from "../api/types";
import { keep, kept } from "../queue/db";
import { onDelivered } from "../queue/queue";
import { user } from "./session";
import { byUrgency, isMine, waitingStates } from "./todo";

/** What is on the lists: everything that waits for me, and the newest of my area. */
const mine = shallowRef<Incident[]>([]);
const newest = shallowRef<Incident[]>([]);

export const all = computed(() => newest.value);
export const todo = computed(() => {
  const me = user.value;
  return me ? mine.value.filter((i) => isMine(i, me)).sort(byUrgency) : [];
});
export const loading = ref(false);
export const failure = ref<Failure | null>(null);
export const more = ref(false);
/** When what is shown was true, in ms; 0 before anything was. */
export const shownAt = ref(0);

interface Snapshot {
  mine: Incident[];
  newest: Incident[];
}

function show(snapshot: Snapshot, at: number): void {
  mine.value = snapshot.mine;
  newest.value = snapshot.newest;
  shownAt.value = at;
}

const keptKey = (): string => `incidents/${user.value?.name ?? ""}`;

/** What the hub said last time, until it answers. */
export async function loadKept(): Promise<void> {
  const last = await kept<Snapshot>(keptKey());
  if (last && shownAt.value === 0) show(last.value, last.at);
}

const waitingFor = (me: User): Promise<IncidentPage> =>
  api.incidents({
    state: waitingStates(me.role),
    mine: me.role === "worker",
    limit: api.LARGEST_PAGE,
  });

/** Fetches both lists; returns the change number to wait after. Throws `Failure`. */
export async function reload(): Promise<number> {
  const me = user.value;
  if (!me) throw new Failure("session", 401);
  loading.value = true;
  try {
    const [waiting, page] = await Promise.all([waitingFor(me), api.incidents()]);
    show({ mine: waiting.items, newest: page.items }, Date.now());
    more.value = page.items.length === api.PAGE_SIZE;
    failure.value = null;
    await keep(keptKey(), { mine: waiting.items, newest: page.items });
    return Math.min(waiting.last_change, page.last_change);
  } catch (error) {
    if (error instanceof Failure) failure.value = error;
    throw error;
  } finally {
    loading.value = false;
  }
}

export async function loadMore(): Promise<void> {
  const oldest = newest.value[newest.value.length - 1];
  if (!oldest) return;
  const page = await api.incidents({ before: oldest.change });
  const known = new Set(newest.value.map((i) => i.id));
  newest.value = [...newest.value, ...page.items.filter((i) => !known.has(i.id))];
  more.value = page.items.length === api.PAGE_SIZE;
}

/** Puts a changed incident where it belongs without waiting for the next round. */
export function takeIn(incident: Incident): void {
  const others = (list: Incident[]): Incident[] => list.filter((i) => i.id !== incident.id);
  mine.value = [incident, ...others(mine.value)];
  newest.value = [incident, ...others(newest.value)].sort((a, b) => b.change - a.change);
}

export function clearIncidents(): void {
  show({ mine: [], newest: [] }, 0);
  failure.value = null;
}

onDelivered(takeIn);
