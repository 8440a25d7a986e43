import { ref } from "vue";

import * as api from "../api/calls";
import { Failure } from "../api/problem";
import { sendQueue } from "../queue/queue";
import { reload } from "./incidents";
import { dropSession } from "./session";

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 15_000;

type Listener = (incidents: string[]) => void;
const listeners = new Set<Listener>();

/** Hears which incidents changed; an empty list after a reconnect means "anything may have". */
export function onChanges(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

const wake = ref<(() => void) | null>(null);
/** Ends a pause at once: the browser says that the network is back, or the page is seen again. */
export const tryNow = (): void => wake.value?.();

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    wake.value = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

async function follow(signal: AbortSignal): Promise<never> {
  let after = await reload();
  void sendQueue();
  listeners.forEach((hear) => hear([]));
  for (;;) {
    const changed = await api.changes(after, signal);
    if (changed.incidents.length) {
      await reload();
      listeners.forEach((hear) => hear(changed.incidents));
    }
    after = changed.last;
  }
}

/** Follows the hub's changes until stopped; after a failure it pauses, longer each time. */
export function startLive(): () => void {
  const controller = new AbortController();
  const { signal } = controller;
  void (async () => {
    let wait = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      const began = Date.now();
      try {
        await follow(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof Failure)) throw error;
        if (error.kind === "session") return dropSession(true);
        wait = Date.now() - began > LONGEST_PAUSE_MS ? FIRST_PAUSE_MS : Math.min(wait * 2, LONGEST_PAUSE_MS);
        await pause(wait);
      }
    }
  })();
  return () => {
    controller.abort();
    tryNow();
  };
}
