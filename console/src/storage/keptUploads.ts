/** Uploads in parts that a closed page leaves unfinished, kept in this browser so that they can be gone on with. */
import { project } from "../api/client.ts";
import { keep, kept } from "../shared/preferences.ts";

export interface KeptUpload {
  uploadId: string;
  bucket: string;
  key: string;
  size: number;
  partSize: number;
  revision: string;
  /** Nothing was there to be replaced. */
  isNew?: boolean;
  /** ms, of the last sign of life. */
  at: number;
}

const KEPT_MAX = 100;
/** Whoever has not been heard of for so long is not at it any more, in whatever tab. */
export const SILENT_AFTER_MS = 60_000;

const place = () => `uploads.${project()}`;

export function keptUploads(): KeptUpload[] {
  try {
    const list: unknown = JSON.parse(kept(place()) ?? "[]");
    return Array.isArray(list) ? (list as KeptUpload[]) : [];
  } catch {
    return [];
  }
}

export function rememberUpload(upload: KeptUpload): void {
  const others = keptUploads().filter((one) => one.uploadId !== upload.uploadId);
  keep(place(), JSON.stringify([...others, upload].slice(-KEPT_MAX)));
}

export function forgetUpload(uploadId: string): void {
  const others = keptUploads().filter((one) => one.uploadId !== uploadId);
  keep(place(), others.length ? JSON.stringify(others) : null);
}

/** Whether `file` is the one that `upload` was begun with. */
export function isSameFile(upload: KeptUpload, file: File): boolean {
  return file.size === upload.size && String(file.lastModified) === upload.revision;
}
