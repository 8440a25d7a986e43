import { readonly, ref } from "vue";

/**
 * Whether the hub answers. `navigator.onLine` only knows of the phone's own network, so what
 * counts is the last call's fate; the browser's events only make it quicker.
 */
const reachable = ref(true);

export const online = readonly(reachable);
/** When the phone last said that its network is gone (`performance.now()`). */
let lostAt = -1;

/** An answer to a call that began before the network was lost says nothing of now. */
export function markReachable(begunAt: number): void {
  if (begunAt > lostAt) reachable.value = true;
}

export const markUnreachable = (): void => void (reachable.value = false);

export function watchNetwork(onBack: () => void): void {
  window.addEventListener("offline", () => {
    lostAt = performance.now();
    markUnreachable();
  });
  window.addEventListener("online", onBack);
}
