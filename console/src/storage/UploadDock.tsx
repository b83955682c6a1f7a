import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useRef } from "react";
import { project } from "../api/client.ts";
import { onUploaded, uploads, useUploads } from "./uploads.ts";

const Panel = lazy(async () => ({ default: (await import("./UploadPanel.tsx")).UploadPanel }));
const REFRESH_MS = 1500;

/** What is being uploaded, on whatever page one is; nothing when there is nothing. */
export function UploadDock() {
  const shown = useUploads();
  const queries = useQueryClient();
  const timer = useRef(0);
  useEffect(
    () =>
      onUploaded((upload) => {
        // Thousands of small files are one change of their folder.
        window.clearTimeout(timer.current);
        const key = [project(), "objects", upload.bucket];
        timer.current = window.setTimeout(
          () => void queries.invalidateQueries({ queryKey: key }),
          uploads.isBusy ? REFRESH_MS : 0,
        );
      }),
    [queries],
  );
  const isBusy = shown.count.sending + shown.count.waiting + shown.count.offline + shown.count.paused > 0;
  useEffect(() => {
    if (!isBusy) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [isBusy]);
  if (shown.uploads.length === 0) return null;
  return (
    <Suspense>
      <Panel shown={shown} />
    </Suspense>
  );
}
