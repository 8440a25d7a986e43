import { readonly, ref } from "vue";

/**
 * Whether the hub answers. `navigator.onLine` only knows of the phone's own network, so what
 * counts is the last call's fate; the browser's events only make it quicker.
 */
const reachable = ref(true);

export const online = readonly(reachable);
export const markReachable = (): void => void (reachable.value = true);
export const markUnreachable = (): void => void (reachable.value = false);

export function watchNetwork(onBack: () => void): void {
  window.addEventListener("offline", markUnreachable);
  window.addEventListener("online", onBack);
}
