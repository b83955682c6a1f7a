import { defineConfig, mergeConfig } from "vitest/config";
import site from "./vite.config.ts";

// Apart from vite.config.ts, since a build is made without what only checks and tests need.
export default mergeConfig(
  site,
  defineConfig({
    test: {
      environment: "jsdom",
      include: ["src/**/*.test.{ts,tsx}"],
      setupFiles: ["src/test-setup.ts"],
      css: false,
    },
  }),
);
