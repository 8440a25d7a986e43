import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/layout.css";

import { createApp } from "vue";

import App from "./App.vue";
import { watchQueue } from "./queue/queue";
import { router } from "./router";
import { tryNow } from "./state/live";
import { watchNetwork } from "./state/online";

watchNetwork(tryNow);
watchQueue();
document.addEventListener("visibilitychange", () => document.hidden || tryNow());

createApp(App).use(router).mount("#app");

// The page itself must open without network; browsers allow that on https and localhost only.
if (import.meta.env.PROD && "serviceWorker" in navigator) {
  void navigator.serviceWorker.register("sw.js");
}
