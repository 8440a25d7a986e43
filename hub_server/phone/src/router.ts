import { createRouter, createWebHashHistory } from "vue-router";
import type { RouteLocationNormalized } from "vue-router";

import { seesDevices, seesIncidents, signedIn } from "./state/session";
import AllView from "./views/AllView.vue";
import DeviceView from "./views/DeviceView.vue";
import DevicesView from "./views/DevicesView.vue";
import HandleView from "./views/HandleView.vue";
import IncidentView from "./views/IncidentView.vue";
import MeView from "./views/MeView.vue";
import SignInLinkView from "./views/SignInLinkView.vue";
import SignInView from "./views/SignInView.vue";
import TodoView from "./views/TodoView.vue";

declare module "vue-router" {
  interface RouteMeta {
    /** Reachable without a session. */
    open?: boolean;
    /** One of the tabs at the foot. */
    tab?: boolean;
  }
}

/** Where one begins; before anybody signed in it is kept as what they wanted to see. */
export const home = (): string => (seesIncidents.value || !signedIn.value ? "/todo" : "/devices");

export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: "/sign-in", component: SignInView, meta: { open: true } },
    { path: "/in/:code", component: SignInLinkView, props: true, meta: { open: true } },
    { path: "/todo", component: TodoView, meta: { tab: true } },
    { path: "/all", component: AllView, meta: { tab: true } },
    { path: "/me", component: MeView, meta: { tab: true } },
    { path: "/devices", component: DevicesView, meta: { tab: true } },
    { path: "/devices/:name", component: DeviceView, props: true },
    { path: "/incidents/:id", component: IncidentView, props: true },
    { path: "/incidents/:id/handle", component: HandleView, props: true },
    { path: "/:rest(.*)*", redirect: () => home() },
  ],
  scrollBehavior: (_to, _from, kept) => kept ?? { top: 0 },
});

/** Where this person may go instead, or nothing when the way is free. */
function detour(to: RouteLocationNormalized): string | { path: string; query: { to: string } } | undefined {
  if (to.meta.open) return undefined;
  if (!signedIn.value) return { path: "/sign-in", query: { to: to.fullPath } };
  if (to.path.startsWith("/devices") && !seesDevices.value) return home();
  if (/^\/(todo|all|incidents)/.test(to.path) && !seesIncidents.value) return home();
  return undefined;
}

router.beforeEach((to) => detour(to) ?? true);
