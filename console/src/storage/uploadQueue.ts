/** Files that are being uploaded, three at a time; shown by the dock, whatever page is open. No React. */

import type { UploadItem } from "../api/objects.ts";
import { type Plan, type Transport, transfer } from "./transfer.ts";

export type UploadState = "waiting" | "sending" | "offline" | "paused" | "failed" | "done";

export interface Upload {
  readonly id: number;
  readonly bucket: string;
  readonly key: string;
  readonly file: File;
  /** Nothing was there when it was chosen; what has come meanwhile is not replaced. */
  readonly isNew: boolean;
  readonly state: UploadState;
  /** Bytes that have left. */
  readonly sent: number;
  readonly error: unknown;
}

export interface UploadsShown {
  uploads: readonly Upload[];
  /** Bytes, of all that are not cancelled. */
  total: number;
  sent: number;
  /** Bytes per second of late; 0 when nothing moves. */
  rate: number;
  count: Record<UploadState, number>;
}

export interface QueueOptions {
  transport: Transport;
  pause: (ms: number, signal: AbortSignal) => Promise<void>;
  now: () => number;
  onDone?: (upload: Upload) => void;
  /** An upload in parts has begun or come on. */
  onKept?: (upload: Upload, known: { upload: UploadItem; plan: Plan }) => void;
  /** An upload in parts is complete, or given up. */
  onEnded?: (uploadId: string) => void;
  /** Drop what is stored of an upload that was given up. */
  onDropped?: (bucket: string, uploadId: string) => void;
}

const AT_ONCE = 3;
const TOLD_EVERY_MS = 120;
const RATE_OVER_MS = 5000;

type Mutable = { -readonly [Name in keyof Upload]: Upload[Name] };

export class UploadQueue {
  private items = new Map<number, Mutable>();
  private running = new Map<number, AbortController>();
  private begun = new Map<number, string>();
  private listeners = new Set<() => void>();
  private shown: UploadsShown = summary([], 0);
  private timer: ReturnType<typeof setTimeout> | undefined;
  private slots = AT_ONCE;
  private waiting: (() => void)[] = [];
  private samples: { at: number; moved: number }[] = [];
  private moved = 0;
  private lastId = 0;

  constructor(private options: QueueOptions) {}

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  snapshot = (): UploadsShown => this.shown;

  /** Whether something is yet to be sent. */
  get isBusy(): boolean {
    return [...this.items.values()].some((item) => item.state !== "done" && item.state !== "failed");
  }

  add(bucket: string, files: readonly { key: string; file: File; isNew?: boolean }[]): void {
    for (const { key, file, isNew = false } of files) {
      const id = ++this.lastId;
      const before = [...this.items.values()].find(
        (item) => item.bucket === bucket && item.key === key && item.state !== "done",
      );
      if (before) this.cancel(before.id, { keep: true }); // the newer choice is what is wanted
      this.items.set(id, { id, bucket, key, file, isNew, state: "waiting", sent: 0, error: null });
    }
    this.pump();
  }

  pause(id?: number): void {
    for (const item of this.chosen(id))
      if (item.state === "waiting" || item.state === "sending" || item.state === "offline") {
        item.state = "paused";
        this.running.get(item.id)?.abort();
      }
    this.pump();
  }

  /** Go on with what is paused. */
  resume(id?: number): void {
    for (const item of this.chosen(id)) if (item.state === "paused") item.state = "waiting";
    this.pump();
  }

  /** Try again what has failed. */
  retry(id?: number): void {
    for (const item of this.chosen(id))
      if (item.state === "failed") Object.assign(item, { state: "waiting", error: null, sent: 0 });
    this.pump();
  }

  /** Give up one, or all that are not done; parts on the server are dropped unless they are to be kept. */
  cancel(id?: number, { keep = false } = {}): void {
    for (const item of this.chosen(id)) {
      if (item.state === "done") continue;
      this.items.delete(item.id);
      this.running.get(item.id)?.abort();
      const uploadId = this.begun.get(item.id);
      this.begun.delete(item.id);
      if (uploadId && !keep) {
        this.options.onEnded?.(uploadId);
        this.options.onDropped?.(item.bucket, uploadId);
      }
    }
    this.pump();
  }

  /** Forget what is done or has failed. */
  clear(): void {
    for (const item of this.items.values())
      if (item.state === "done" || item.state === "failed") this.items.delete(item.id);
    this.tell();
  }

  private chosen(id: number | undefined): Mutable[] {
    if (id === undefined) return [...this.items.values()];
    const item = this.items.get(id);
    return item ? [item] : [];
  }

  private pump(): void {
    for (const item of this.items.values()) {
      if (this.running.size >= AT_ONCE) break;
      if (item.state === "waiting" && !this.running.has(item.id)) void this.run(item);
    }
    this.tell();
  }

  private async run(item: Mutable): Promise<void> {
    const stop = new AbortController();
    this.running.set(item.id, stop);
    item.state = "sending";
    try {
      await transfer(item.bucket, item.key, item.file, {
        transport: this.options.transport,
        pause: this.options.pause,
        signal: stop.signal,
        isNew: item.isNew,
        wasTried: item.sent > 0,
        inSlot: (request) => this.inSlot(request),
        onSent: (bytes) => this.sent(item, bytes),
        onOffline: (isOffline) => {
          if (!stop.signal.aborted) item.state = isOffline ? "offline" : "sending";
          this.tell();
        },
        onBegun: (upload, plan) => {
          if (stop.signal.aborted) return;
          this.begun.set(item.id, upload.upload_id);
          this.options.onKept?.(item, { upload, plan });
        },
      });
      item.state = "done";
      const uploadId = this.begun.get(item.id);
      if (uploadId) this.options.onEnded?.(uploadId);
      this.begun.delete(item.id);
      this.options.onDone?.(item);
    } catch (error) {
      if (!stop.signal.aborted) {
        stop.abort(); // its other parts
        Object.assign(item, { state: "failed", error });
      }
    } finally {
      this.running.delete(item.id);
      this.pump();
    }
  }

  private sent(item: Mutable, bytes: number): void {
    if (bytes > item.sent) this.moved += bytes - item.sent;
    item.sent = Math.min(bytes, item.file.size);
    this.tell();
  }

  private async inSlot<T>(request: () => Promise<T>): Promise<T> {
    if (this.slots === 0) await new Promise<void>((free) => this.waiting.push(free));
    else this.slots -= 1;
    try {
      return await request();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.slots += 1;
    }
  }

  private tell(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      const now = this.options.now();
      this.samples = this.samples.filter((sample) => now - sample.at < RATE_OVER_MS);
      this.samples.push({ at: now, moved: this.moved });
      const first = this.samples[0];
      const rate = first && now > first.at ? ((this.moved - first.moved) * 1000) / (now - first.at) : 0;
      this.shown = summary([...this.items.values()], rate);
      for (const listener of this.listeners) listener();
    }, TOLD_EVERY_MS);
  }
}

function summary(items: readonly Upload[], rate: number): UploadsShown {
  const count = { waiting: 0, sending: 0, offline: 0, paused: 0, failed: 0, done: 0 };
  let total = 0;
  let sent = 0;
  for (const item of items) {
    count[item.state] += 1;
    total += item.file.size;
    sent += item.state === "done" ? item.file.size : item.sent;
  }
  return { uploads: items.map((item) => ({ ...item })), total, sent, rate, count };
}
