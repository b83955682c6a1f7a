import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** What antd's icons say to who cannot see them, in `components/AntdIcon*` of their package. */
const ICON_SAYS = /role: "img",\s*"aria-label": icon\.name\s*\}/;

/**
 * An icon without a label of its own is an ornament: silent.
 *
 * Theirs call themselves by their English name, so that a button 创建 was called "plus 创建". An icon that is clicked
 * keeps its name as long as nobody gives it a better one.
 */
const silentIcons: Plugin = {
  name: "silent-icons",
  transform: {
    filter: { id: /@ant-design[\\/]icons[\\/]es[\\/]components[\\/]AntdIcon(Light)?\.js/ },
    handler(code) {
      if (!ICON_SAYS.test(code))
        throw new Error("AntdIcon is written in another way now: look at silentIcons");
      return code.replace(
        ICON_SAYS,
        `...(restProps["aria-label"] ? { role: "img" } : onClick ? { role: "img", "aria-label": icon.name } : { "aria-hidden": true }) }`,
      );
    },
  },
};

const server = process.env.TRAINWRIGHT_URL ?? "http://127.0.0.1:8900";

export default defineConfig({
  base: "/console/",
  plugins: [react(), silentIcons],
  optimizeDeps: { rolldownOptions: { plugins: [silentIcons] } }, // the development server bundles packages by itself
  build: {
    outDir: "../src/trainwright/server/site",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // everything is a file of its own: the content-security policy allows no data: scripts or fonts
    chunkSizeWarningLimit: 1200,
    rolldownOptions: {
      output: {
        // HTTP/1.1 fetches six files at a time: few files for what every page needs, pages and heavy parts on demand.
        codeSplitting: {
          groups: [
            {
              name: "framework",
              test: /node_modules[\\/](react|react-dom|react-router|scheduler|@tanstack|i18next|react-i18next|openapi-fetch)[\\/]/,
              priority: 3,
            },
            {
              name: "widgets",
              test: /node_modules[\\/](antd|@ant-design|@rc-component|dayjs|@emotion|stylis)[\\/]/,
              minShareCount: 4,
              priority: 2,
            },
            {
              name: "shared",
              test: /console[\\/]src[\\/](shared|api|jobs)[\\/]/,
              minShareCount: 4,
              priority: 1,
            },
          ],
        },
      },
    },
  },
  server: {
    proxy: { "^/(v1|v2|v3|docs|openapi.json|share)": { target: server, changeOrigin: false, ws: true } },
  },
});
