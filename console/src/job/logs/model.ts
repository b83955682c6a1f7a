/**
 * The log that is being looked at: the rows around what is in view, loaded as one goes, and what comes live behind them.
 *
 * It is no cache of answers but a window on something that moves, so it lives beside the query cache: one of these per
 * log that is open, ended with it.
 */
import { isApiError } from "../../api/errors.ts";
import type { StreamState } from "../../api/stream.ts";
import { countLines, isAbort, markErrors } from "./later.ts";
import { Pulse } from "./pulse.ts";
import { keyOf, type Row, Rows, type Stretch, shownRows } from "./rows.ts";
import type { Growth, LogSource, Target } from "./source.ts";

/** Where the view is to be put: a row at its top or a third below, or its end. */
export interface Placement {
  seq: number;
  key: string | null;
  at: "top" | "third" | "end";
}

const PAUSES_MS = [500, 1000, 2000, 5000, 10_000];
const POLL_MS = 2000;
const NEAR_END = 0.9995;
const LONG_HIDDEN_MS = 20_000;

export class LogModel {
  readonly rows: Rows;
  shown: Row[] = [];
  state: "loading" | "ready" | "failed" = "loading";
  /** Why nothing could be loaded, at first or last. */
  error: unknown = null;
  live: StreamState = "connecting";
  isFollowing = false;
  /** Lines that came since the view stopped following. */
  fresh = 0;
  placement: Placement = { seq: 0, key: null, at: "end" };
  /** The line that was asked for does not exist. */
  isMissing = false;
  /** Counts changes. */
  version = 0;
  /** Other rows than those that are held are on their way. */
  isJumping = false;
  /** The line that was asked for last. */
  asked: Target | null = null;

  private readonly listeners = new Set<() => void>();
  private readonly all = new AbortController();
  private readonly pulse = new Pulse(() => this.flush());
  private jumping = new AbortController();
  private streaming: AbortController | null = null;
  private readonly loading = { before: false, after: false };
  private wanted: number | null = null;
  private pending: Growth | null = null;
  private wake = () => {};
  private countAtLeave = 0;
  private hiddenAt = 0;

  constructor(
    readonly source: LogSource,
    private hasSystem: boolean,
    rows = new Rows(),
  ) {
    this.rows = rows;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Load the tail, or the line that is asked for, then go on live. */
  async open(target: Target | null): Promise<void> {
    document.addEventListener("visibilitychange", this.seenOrNot);
    window.addEventListener("online", this.awake);
    try {
      if (target) await this.goto(target);
      else await this.toTail();
      if (!target && this.placement.at === "end") this.isFollowing = !this.source.facts.ended;
    } catch (error) {
      if (this.all.signal.aborted) return;
      if (!isAbort(error)) {
        this.state = "failed";
        this.error = error;
        this.tell();
        return;
      }
      // Something else was asked for meanwhile, which loads by itself.
    }
    this.state = "ready";
    this.changed();
    void countLines(this.rows, this.source, this.all.signal, () => this.changed());
    void this.feed();
    const isOver = () => this.live === "ended";
    void markErrors(this.rows, this.source, this.all.signal, isOver, () => this.changed());
  }

  close(): void {
    document.removeEventListener("visibilitychange", this.seenOrNot);
    window.removeEventListener("online", this.awake);
    this.all.abort();
    this.jumping.abort();
    this.streaming?.abort();
    this.pulse.stop();
    this.awake();
    this.listeners.clear();
  }

  showSystem(hasSystem: boolean): void {
    if (hasSystem === this.hasSystem) return;
    this.hasSystem = hasSystem;
    this.changed();
  }

  /** Bring a line into view. */
  async goto(target: Target): Promise<void> {
    this.asked = target;
    this.isFollowing = false;
    this.isMissing = false;
    const here = this.rows.all.find((row) =>
      target.kind === "line" ? row.number === target.line : row.key === keyOf(target.task, target.offset),
    );
    if (here) {
      this.place(here.key, "third");
      this.tell();
      return;
    }
    const signal = this.restart();
    const found = await this.source.find(target, signal);
    if (signal.aborted) return;
    this.isMissing = found.key === null;
    this.hold(...found.stretches);
    this.place(found.key, found.key === null ? "end" : "third");
    this.changed();
  }

  /** `goto`, with what goes wrong kept in `error`. */
  async show(target: Target): Promise<void> {
    try {
      await this.goto(target);
      this.error = null;
    } catch (error) {
      this.failed(error);
    }
  }

  /** Go to about that share (0 to 1) of the log. While one jump is under way, the last of those asked for is next. */
  async jump(share: number): Promise<void> {
    this.isFollowing = false;
    this.wanted = share;
    if (this.isJumping) return;
    this.isJumping = true;
    try {
      while (this.wanted !== null) {
        const wanted: number = this.wanted;
        this.wanted = null;
        const signal = this.restart();
        const isEnd = wanted >= NEAR_END;
        const stretch = isEnd ? await this.source.tail(signal) : await this.source.at(wanted, signal);
        if (signal.aborted) continue;
        this.hold(stretch);
        this.place(stretch.rows[0]?.key ?? null, isEnd || stretch.rows.length === 0 ? "end" : "top");
        this.changed();
      }
      this.error = null;
    } catch (error) {
      this.failed(error);
    } finally {
      this.isJumping = false;
      this.tell(); // what lies around may be loaded now
    }
  }

  /** To the end, and on with it. */
  async follow(): Promise<void> {
    this.fresh = 0;
    this.isFollowing = this.live !== "ended";
    this.isMissing = false;
    if (this.rows.atEnd) {
      this.place(null, "end");
      this.tell();
      return;
    }
    try {
      await this.toTail();
      this.error = null;
    } catch (error) {
      this.failed(error);
    }
  }

  unfollow(): void {
    if (!this.isFollowing) return;
    this.isFollowing = false;
    this.fresh = 0;
    this.tell();
  }

  /** The view has reached the end by itself. */
  reachedEnd(): void {
    if (this.isFollowing || !this.rows.atEnd || this.live === "ended") return;
    this.isFollowing = true;
    this.fresh = 0;
    this.tell();
  }

  loadBefore(): Promise<void> {
    return this.load("before");
  }

  loadAfter(): Promise<void> {
    return this.load("after");
  }

  private async load(side: "before" | "after"): Promise<void> {
    const place = side === "before" ? this.rows.start : this.rows.end;
    const isDone = side === "before" ? this.rows.atStart : this.rows.atEnd;
    if (this.loading[side] || this.isJumping || isDone || place === undefined) return;
    this.loading[side] = true;
    const signal = this.jumping.signal;
    try {
      const stretch = await this.source[side](place, signal);
      if (signal.aborted) return;
      if (side === "before") this.rows.prepend(stretch);
      else this.rows.append(stretch);
      this.error = null;
      if (side === "before" && !this.rows.atEnd) this.leave();
      if (side === "after" && this.rows.atEnd) this.awake();
      this.changed();
    } catch (error) {
      this.failed(error);
    } finally {
      this.loading[side] = false;
    }
  }

  private async toTail(): Promise<void> {
    const signal = this.restart();
    const tail = await this.source.tail(signal);
    if (signal.aborted) return;
    this.hold(tail);
    this.place(null, "end");
    this.changed();
  }

  private hold(...stretches: Stretch[]) {
    this.stopStream();
    this.rows.replace(...stretches);
    if (this.rows.atEnd) this.awake();
    else this.leave();
  }

  /** The end is not held any more: what comes there is counted only. */
  private leave() {
    this.countAtLeave = this.source.facts.lineCount ?? 0;
    this.stopStream();
  }

  private restart(): AbortSignal {
    this.jumping.abort();
    this.jumping = new AbortController();
    return this.jumping.signal;
  }

  private place(key: string | null, at: Placement["at"]) {
    this.placement = { seq: this.placement.seq + 1, key, at };
  }

  // -- live -----------------------------------------------------------------------------------------------------------

  private async feed(): Promise<void> {
    let failures = 0;
    while (!this.all.signal.aborted) {
      if (this.source.facts.ended && this.rows.atEnd) {
        this.setLive("ended");
        return;
      }
      try {
        if (document.hidden) await this.pause(Number.POSITIVE_INFINITY);
        else if (this.rows.atEnd) await this.streamOn(() => (failures = 0));
        else await this.poll();
      } catch (error) {
        if (this.all.signal.aborted) return;
        if (isAbort(error)) continue;
        this.setLive("lost");
        if (isApiError(error) && error.status < 500) this.error = error; // asking again changes nothing soon
        await this.pause(PAUSES_MS[Math.min(failures++, PAUSES_MS.length - 1)] as number);
      }
    }
  }

  private async streamOn(onOpen: () => void): Promise<void> {
    const abort = new AbortController();
    this.streaming = abort;
    try {
      const { end, last } = this.rows;
      for await (const growth of this.source.stream(end ?? 0, last, abort.signal)) {
        if (abort.signal.aborted) return;
        onOpen();
        this.setLive("live");
        if (growth) this.take(growth);
      }
      this.flush();
      if (!this.source.facts.ended) await this.pause(PAUSES_MS[0] as number); // the server let go: it may be going away
    } finally {
      if (!abort.signal.aborted) this.flush();
      if (this.streaming === abort) this.streaming = null;
    }
  }

  private async poll(): Promise<void> {
    await this.source.refresh(this.all.signal);
    const { lineCount, ended } = this.source.facts;
    this.setLive(ended ? "ended" : "live");
    if (lineCount !== null && this.countAtLeave) this.fresh = Math.max(0, lineCount - this.countAtLeave);
    this.tell();
    await this.pause(ended ? Number.POSITIVE_INFINITY : POLL_MS);
  }

  private take({ rows, end }: Growth) {
    if (this.pending === null) this.pending = { rows, end };
    else {
      if (this.pending.rows.at(-1)?.key === rows[0]?.key) this.pending.rows.pop();
      for (const row of rows) this.pending.rows.push(row);
      this.pending.end = end;
    }
    this.pulse.ask();
  }

  private flush() {
    const pending = this.pending;
    this.pending = null;
    if (pending === null || this.all.signal.aborted) return;
    const before = this.rows.last;
    const isSame = before !== undefined && before.key === pending.rows[0]?.key;
    if (!this.isFollowing) this.fresh += pending.rows.length - (isSame ? 1 : 0);
    if (!this.rows.grow(pending.rows, pending.end, !this.isFollowing)) this.leave();
    this.changed();
  }

  private stopStream() {
    this.streaming?.abort();
    this.streaming = null;
    this.pending = null;
  }

  /** Browsers open six connections to a host: who is not seen lets go of his, and catches up later. */
  private readonly seenOrNot = () => {
    if (document.hidden) {
      this.hiddenAt = Date.now();
      this.flush();
      this.stopStream();
      return;
    }
    const wasLong = Date.now() - this.hiddenAt > LONG_HIDDEN_MS;
    if (wasLong && this.isFollowing && this.live !== "ended")
      void this.toTail().catch((error) => this.failed(error));
    this.awake();
  };

  private readonly awake = () => {
    const { wake } = this;
    this.wake = () => {};
    wake();
  };

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = Number.isFinite(ms) ? window.setTimeout(resolve, ms) : 0;
      this.wake = () => {
        window.clearTimeout(timer);
        resolve();
      };
    });
  }

  private failed(error: unknown) {
    if (isAbort(error) || this.all.signal.aborted) return;
    this.error = error;
    this.tell();
  }

  private setLive(live: StreamState) {
    if (this.live === live) return;
    this.live = live;
    if (live === "ended") this.isFollowing = false;
    this.tell();
  }

  private changed() {
    this.shown = shownRows(this.rows.all, this.hasSystem);
    this.tell();
  }

  private tell() {
    this.version += 1;
    for (const listener of this.listeners) listener();
  }
}
