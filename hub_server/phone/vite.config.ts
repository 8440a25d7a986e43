import vue from "@vitejs/plugin-vue";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/**
 * The icon font of Vant is inlined in its CSS with a remote address as fallback. County networks
 * have no internet, so the fallback is taken out.
 */
function noRemoteFont(): Plugin {
  return {
    name: "no-remote-font",
    enforce: "pre",
    transform(code, id) {
      if (!id.includes("vant") || !id.endsWith(".css")) return null;
      return code.replace(/,\s*url\((["']?)(https?:)?\/\/[^)]*\)\s*format\([^)]*\)/g, "");
    },
  };
}

/** A page that would fetch from anywhere but its own origin fails the build. */
function ownOriginOnly(): Plugin {
  return {
    name: "own-origin-only",
    generateBundle(_options, bundle) {
      for (const [name, file] of Object.entries(bundle)) {
        if (!name.endsWith(".css") || file.type !== "asset") continue;
        const remote = /url\((["']?)(https?:)?\/\/[^)]*\)/.exec(String(file.source));
        if (remote) this.error(`${name} would load ${remote[0]} from the network`);
      }
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [noRemoteFont(), vue(), ownOriginOnly()],
  build: { target: "es2020", chunkSizeWarningLimit: 600 },
  server: { proxy: { "/api": process.env["LINLI_HUB"] ?? "http://127.0.0.1:8080" } },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
