/** One file on its way: whole when small, else in parts that need not be sent twice. No React, no globals. */

import { ApiError, Unreachable } from "../api/errors.ts";
import {
  isOther,
  type ObjectItem,
  type PutOptions,
  type SendOptions,
  type UploadItem,
} from "../api/objects.ts";

const MIB = 1024 * 1024;
/** Up to here one request is quicker than three. */
export const WHOLE_MAX = 16 * MIB;
const PARTS_MAX = 10_000;
const PATIENCE_MS = [1000, 2000, 5000, 10_000, 30_000];
const TRIES_MAX = 5;

/** What is asked of the server; tests have their own. */
export interface Transport {
  put: (bucket: string, key: string, body: Blob, options: PutOptions) => Promise<ObjectItem>;
  /** Bytes of an object; -1 when there is none. */
  sizeOf: (bucket: string, key: string) => Promise<number>;
  begin: (bucket: string, plan: Plan) => Promise<UploadItem>;
  part: (
    bucket: string,
    uploadId: string,
    part: number,
    body: Blob,
    options: SendOptions,
  ) => Promise<unknown>;
  complete: (bucket: string, uploadId: string) => Promise<ObjectItem>;
}

export interface Plan {
  key: string;
  size: number;
  part_size: number;
  revision: string;
  overwrite: boolean;
}

/** The same file chosen again gives the same plan, and with it the same unfinished upload. */
export function planOf(key: string, file: File, isNew = false): Plan {
  const least = Math.ceil(file.size / PARTS_MAX);
  const part_size = Math.max(WHOLE_MAX, Math.ceil(least / MIB) * MIB);
  return { key, size: file.size, part_size, revision: String(file.lastModified), overwrite: !isNew };
}

export interface TransferOptions {
  transport: Transport;
  signal: AbortSignal;
  /** Nothing was there when the file was chosen: what is there by now is not replaced. */
  isNew?: boolean;
  /** It was on its way before: what is there by now may be it. */
  wasTried?: boolean;
  /** Runs a request when one of the few slots is free. */
  inSlot: <T>(request: () => Promise<T>) => Promise<T>;
  onSent: (bytes: number) => void;
  /** The connection is lost (true), or back. */
  onOffline: (isOffline: boolean) => void;
  /** There is an upload that could be gone on with. */
  onBegun: (upload: UploadItem, plan: Plan) => void;
  /** Waits before the next try; ends early when there is reason to hope. */
  pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Nothing else of the file can be read: it was moved or changed since it was chosen. */
export class FileGone extends Error {
  override readonly name = "FileGone";
}

/** Upload `file`; a lost connection is waited out, however long it takes. */
export async function transfer(
  bucket: string,
  key: string,
  file: File,
  options: TransferOptions,
): Promise<void> {
  const { transport, signal, inSlot, onSent } = options;
  if (file.size <= WHOLE_MAX) {
    const put = () =>
      inSlot(() =>
        transport.put(bucket, key, file, { signal, onSent, ...(options.isNew ? { replacing: "" } : {}) }),
      );
    await insist(file, options, async (isRepeated) => {
      try {
        await put();
      } catch (error) {
        // The answer to the request before may have been lost: then it is our own file that is there.
        const isOurs =
          (isRepeated || options.wasTried) &&
          isOther(error) &&
          (await transport.sizeOf(bucket, key)) === file.size;
        if (!isOurs) throw error;
      }
    });
  } else {
    const plan = planOf(key, file, options.isNew);
    const upload = await insist(file, options, () => transport.begin(bucket, plan));
    options.onBegun(upload, plan);
    await sendParts(bucket, file, plan, upload, options);
    await insist(file, options, () => transport.complete(bucket, upload.upload_id));
  }
  onSent(file.size);
}

async function sendParts(
  bucket: string,
  file: File,
  plan: Plan,
  upload: UploadItem,
  options: TransferOptions,
): Promise<void> {
  const { transport, signal, inSlot, onSent } = options;
  const count = Math.ceil(plan.size / plan.part_size);
  const start = (part: number) => (part - 1) * plan.part_size;
  const sizeOf = (part: number) => Math.min(plan.part_size, plan.size - start(part));
  const stored = new Set(upload.parts);
  const sent = new Map<number, number>();
  for (const part of stored) sent.set(part, sizeOf(part));
  const tell = () => onSent([...sent.values()].reduce((sum, bytes) => sum + bytes, 0));
  tell();
  const missing = Array.from({ length: count }, (_, index) => index + 1).filter((part) => !stored.has(part));
  async function work() {
    for (let part = missing.shift(); part !== undefined; part = missing.shift()) {
      const number = part;
      const body = file.slice(start(number), start(number) + sizeOf(number));
      const one = {
        signal,
        onSent: (bytes: number) => {
          sent.set(number, Math.min(bytes, body.size));
          tell();
        },
      };
      await insist(file, options, () =>
        inSlot(() => transport.part(bucket, upload.upload_id, number, body, one)),
      );
      sent.set(number, body.size);
      tell();
      options.onBegun(upload, plan);
    }
  }
  await Promise.all(Array.from({ length: Math.min(3, missing.length) }, work));
}

/** Do it until it is done or refused. */
async function insist<T>(
  file: File,
  options: TransferOptions,
  request: (isRepeated: boolean) => Promise<T>,
): Promise<T> {
  let failures = 0;
  for (;;) {
    try {
      const answer = await request(failures > 0);
      if (failures > 0) options.onOffline(false);
      return answer;
    } catch (error) {
      options.signal.throwIfAborted();
      const isOffline = error instanceof Unreachable;
      const mayPass = error instanceof ApiError && (error.status >= 500 || error.status === 429);
      if (!isOffline && !(mayPass && failures < TRIES_MAX)) throw error;
      if (isOffline) await readable(file);
      options.onOffline(true);
      await options.pause(
        PATIENCE_MS[Math.min(failures++, PATIENCE_MS.length - 1)] as number,
        options.signal,
      );
      options.signal.throwIfAborted();
    }
  }
}

/** A body that cannot be read looks like a lost connection; without this it would be tried for ever. */
async function readable(file: File): Promise<void> {
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    throw new FileGone(file.name);
  }
}
