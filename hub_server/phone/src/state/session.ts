import { computed, ref } from "vue";

import { setBearer } from "../api/http";
import type { Session, User } from "../api/types";

const KEY = "linli.session";

function load(): Session | null {
  const kept = localStorage.getItem(KEY);
  const session = kept ? (JSON.parse(kept) as Session) : null;
  return session && Date.parse(session.expires_at) > Date.now() ? session : null;
}

const session = ref<Session | null>(load());
/** Set when the hub ended the session; the sign-in page says so. */
export const sessionEnded = ref(false);

setBearer(session.value?.token ?? "");

export const user = computed<User | null>(() => session.value?.user ?? null);
export const signedIn = computed(() => session.value !== null);

export function keepSession(next: Session): void {
  localStorage.setItem(KEY, JSON.stringify(next));
  setBearer(next.token);
  sessionEnded.value = false;
  session.value = next;
}

export function dropSession(ended: boolean): void {
  localStorage.removeItem(KEY);
  setBearer("");
  sessionEnded.value = ended;
  session.value = null;
}

export const isWorker = computed(() => user.value?.role === "worker");
export const seesDevices = computed(() => ["technician", "operator", "admin"].includes(user.value?.role ?? ""));
export const seesIncidents = computed(() => user.value !== null && user.value.role !== "technician");
