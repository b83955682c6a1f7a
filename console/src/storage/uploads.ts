/** The one upload queue of this page, with the server at its other end. */
import { useSyncExternalStore } from "react";
import { api, data, inProject } from "../api/client.ts";
import { headObject, putObject, putPart } from "../api/objects.ts";
import { forgetUpload, rememberUpload } from "./keptUploads.ts";
import type { Transport } from "./transfer.ts";
import { type Upload, UploadQueue, type UploadsShown } from "./uploadQueue.ts";

const transport: Transport = {
  put: putObject,
  sizeOf: async (bucket, key) => (await headObject(bucket, key))?.size ?? -1,
  part: putPart,
  begin: (bucket, body) =>
    data(
      api.POST("/v1/{project_id}/buckets/{bucket}/uploads", {
        params: { path: inProject({ bucket }) },
        body,
      }),
    ),
  complete: (bucket, upload_id) =>
    data(
      api.POST("/v1/{project_id}/buckets/{bucket}/uploads/{upload_id}/completion", {
        params: { path: inProject({ bucket, upload_id }) },
      }),
    ),
};

export async function dropUpload(bucket: string, upload_id: string): Promise<void> {
  await api.DELETE("/v1/{project_id}/buckets/{bucket}/uploads/{upload_id}", {
    params: { path: inProject({ bucket, upload_id }) },
  });
}

/** Waits `ms`, or until the browser says that it is online again. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      window.clearTimeout(timer);
      window.removeEventListener("online", over);
      signal.removeEventListener("abort", over);
      resolve();
    };
    const timer = window.setTimeout(over, ms);
    window.addEventListener("online", over);
    signal.addEventListener("abort", over);
  });
}

const doneListeners = new Set<(upload: Upload) => void>();

/** Be told of every upload that is complete. */
export function onUploaded(listener: (upload: Upload) => void): () => void {
  doneListeners.add(listener);
  return () => doneListeners.delete(listener);
}

export const uploads = new UploadQueue({
  transport,
  pause,
  now: () => performance.now(),
  onDone: (upload) => {
    for (const listener of doneListeners) listener(upload);
  },
  onKept: (item, known) => {
    if (known)
      rememberUpload({
        uploadId: known.upload.upload_id,
        bucket: item.bucket,
        key: item.key,
        size: known.plan.size,
        partSize: known.plan.part_size,
        revision: known.plan.revision,
        isNew: !known.plan.overwrite,
        at: Date.now(),
      });
  },
  onEnded: forgetUpload,
  onDropped: (bucket, uploadId) => {
    // It may have ended meanwhile; what is left goes by itself after a week.
    dropUpload(bucket, uploadId).catch(() => undefined);
  },
});

export function useUploads(): UploadsShown {
  return useSyncExternalStore(uploads.subscribe, uploads.snapshot);
}
