import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App.tsx";
import { speakFor } from "./api/client.ts";
import { ApiError } from "./api/errors.ts";
import { speak } from "./locales/index.ts";
import { firstLanguage } from "./shared/preferences.ts";
import { keepToPolicy } from "./shell/nonce.ts";
import { renewAfterUpdates } from "./shell/renewal.ts";
import "./styles.css";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // What the server has refused it will refuse again; what did not arrive may arrive.
      retry: (failures, error) => failures < 2 && !(error instanceof ApiError && error.status < 500),
    },
  },
});

async function start() {
  keepToPolicy();
  renewAfterUpdates();
  const language = firstLanguage();
  speakFor({ language });
  await speak(language);
  const place = document.getElementById("root");
  if (place === null) throw new Error("index.html lacks #root");
  createRoot(place).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <App />
      </QueryClientProvider>
    </StrictMode>,
  );
}

void start();
