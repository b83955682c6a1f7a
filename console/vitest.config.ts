import { defineConfig, mergeConfig } from "vitest/config";
import site from "./vite.config.ts";

// Apart from vite.config.ts, since a build is made without what only checks and tests need.
// `.test.ts` is logic and runs in Node alone; `.test.tsx`, and what is named `.dom.test.ts`, gets a page: making one
// for each file of logic, too, took longer than all tests together.
export default mergeConfig(
  site,
  defineConfig({
    test: {
      css: false,
      projects: [
        {
          extends: true,
          test: {
            name: "logic",
            environment: "node",
            include: ["src/**/*.test.ts"],
            exclude: ["src/**/*.dom.test.ts"],
          },
        },
        {
          extends: true,
          test: {
            name: "page",
            environment: "jsdom",
            include: ["src/**/*.test.tsx", "src/**/*.dom.test.ts"],
            setupFiles: ["src/test-setup.ts"],
          },
        },
      ],
    },
  }),
);
