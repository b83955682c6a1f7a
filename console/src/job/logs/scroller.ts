/** Keeps rows, geometry and the box that scrolls in step: what is drawn, what is loaded, what stays where it is. */
import { type Edges, Geometry } from "./geometry.ts";
import type { LogModel } from "./model.ts";
import type { Row } from "./rows.ts";

export const ROW_PX = 18;
const FAR = 2.5; // views in one event: the thumb was dragged, or a key jumped
const AHEAD = 3; // views that are loaded before they are reached
const IDLE_MS = 140;
const STEP = 8; // rows; the window moves that far at a time
const SPARE = 12; // rows that are drawn above the view while it follows: each of them is drawn anew all the time
const AT_END_PX = 4;

export interface Drawn {
  rows: Row[];
  first: number;
  last: number;
  /** Where the first drawn row lies in the canvas. */
  y: number;
  height: number;
  /** The view in the log, 0 to 1. */
  from: number;
  to: number;
}

const NOTHING: Drawn = { rows: [], first: 0, last: 0, y: 0, height: 0, from: 0, to: 1 };

export class Scroller {
  readonly geometry = new Geometry();
  private box: HTMLElement | null = null;
  private drawn: Drawn = NOTHING;
  private rows: Row[] = [];
  private seq = -1;
  /** What the box was scrolled to when it was looked at last. */
  private seen = 0;
  /** The box is to be scrolled once the canvas is drawn. */
  private isMoved = false;
  /** Lines were wrapped, or are not any more, with the end in view: it stays there until somebody scrolls. */
  private sticksToEnd = false;
  private idle = 0;
  private readonly listeners = new Set<() => void>();
  private readonly heights = new Map<string, number>();
  private wrapAt = 0; // characters; 0: lines are not wrapped
  private kept: [string, string] | null = null;
  private readonly leave: () => void;

  constructor(readonly model: LogModel) {
    this.leave = model.subscribe(() => this.update());
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  get = (): Drawn => this.drawn;

  /** The row at the top of the view. */
  get topRow(): Row | undefined {
    return this.rows[this.geometry.indexAt(this.geometry.position)];
  }

  /** The rows that are in view. */
  get inView(): Row[] {
    const { geometry } = this;
    const from = geometry.indexAt(geometry.position + 1);
    return this.rows.slice(from, geometry.indexAt(geometry.position + geometry.viewport - 1) + 1);
  }

  attach(box: HTMLElement): () => void {
    this.box = box;
    const sizes = new ResizeObserver(() => this.resized());
    sizes.observe(box);
    this.resized();
    return () => {
      sizes.disconnect();
      window.clearTimeout(this.idle);
      this.box = null;
    };
  }

  close(): void {
    this.leave();
    window.clearTimeout(this.idle);
  }

  /** How many characters fit into a line; 0: lines are as long as they are. */
  wrap(characters: number): void {
    if (characters === this.wrapAt) return;
    this.wrapAt = characters;
    this.heights.clear();
    this.sticksToEnd = this.isAtEnd();
    this.update();
  }

  /** Keep the rows between two keys drawn: they are selected. */
  keep(keys: [string, string] | null): void {
    if (keys?.[0] === this.kept?.[0] && keys?.[1] === this.kept?.[1]) return;
    this.kept = keys;
    this.draw(true);
  }

  /** The heights that drawn rows turned out to have. */
  measured(heights: readonly (readonly [string, number])[]): void {
    let isNew = false;
    for (const [key, height] of heights) {
      if (this.heights.get(key) === height) continue;
      this.heights.set(key, height);
      isNew = true;
    }
    if (isNew) this.update();
  }

  /** Scroll by the keyboard beyond what the browser does by itself. */
  toStart(): void {
    this.model.unfollow();
    void this.model.jump(0);
  }

  /** The box was scrolled. */
  onScroll(): void {
    const { box, geometry, model } = this;
    if (!box) return;
    const delta = box.scrollTop - this.seen;
    if (Math.abs(delta) < 1) return; // our own doing
    this.sticksToEnd = false;
    this.seen = box.scrollTop;
    geometry.top += delta;
    if (delta < 0) model.unfollow();
    const { position, viewport, total } = geometry;
    let isForced = false;
    const isOutside = position < -viewport || position > total;
    if (isOutside && Math.abs(delta) > FAR * viewport) {
      geometry.origin += delta; // what is in view stays until the other is there
      isForced = true;
      void model.jump(geometry.share);
    } else if (geometry.needsSettling(this.edges)) {
      this.settle();
      isForced = true;
    } else if (delta > 0 && this.isAtEnd()) model.reachedEnd();
    this.loadAround();
    this.draw(isForced);
    window.clearTimeout(this.idle);
    this.idle = window.setTimeout(() => this.rest(), IDLE_MS);
  }

  /** After React has drawn that: the box gets the place that was reckoned, which a canvas drawn before may not have. */
  apply(drawn: Drawn): void {
    const { box, geometry } = this;
    if (!box || !this.isMoved || drawn !== this.drawn) return;
    this.isMoved = false;
    if (Math.abs(box.scrollTop - geometry.top) >= 1) box.scrollTop = geometry.top;
    geometry.top = this.seen = box.scrollTop;
  }

  private rest() {
    // Scrolled again, which the browser tells of with the next frame; or what is in view is not what was asked for.
    if (!this.box || Math.abs(this.box.scrollTop - this.seen) >= 1 || this.model.isJumping) return;
    this.settle();
    this.draw(true);
  }

  private resized() {
    if (!this.box) return;
    this.geometry.viewport = this.box.clientHeight;
    if (this.wrapAt > 0) this.heights.clear();
    this.update();
  }

  private get edges(): Edges {
    const { atStart, atEnd } = this.model.rows;
    return { atStart, atEnd };
  }

  private isAtEnd(): boolean {
    const { position, viewport, total } = this.geometry;
    return this.model.rows.atEnd && position + viewport >= total - AT_END_PX;
  }

  /** The model has changed: the row at the top of the view stays there, unless the model says what is to be in view. */
  private update() {
    const { geometry, model } = this;
    // Browsers tell of it with the next frame, which is too late here.
    if (!this.sticksToEnd) this.onScroll();
    const anchor = this.topRow;
    const within = anchor ? geometry.position - geometry.startOf(geometry.indexAt(geometry.position)) : 0;
    this.rows = model.shown;
    const { rows, heights, wrapAt } = this;
    geometry.measure(rows.length, (index) => {
      if (wrapAt === 0) return ROW_PX;
      const row = rows[index] as Row;
      return heights.get(row.key) ?? Math.max(1, Math.ceil(row.text.length / wrapAt)) * ROW_PX;
    });
    if (heights.size > 4 * rows.length + 1000) this.forget();
    const placed = this.placed();
    if (placed !== null) this.sticksToEnd = false;
    if (placed !== null) geometry.moveTo(placed, this.edges);
    else if (model.isFollowing || this.sticksToEnd)
      geometry.moveTo(geometry.total - geometry.viewport, this.edges);
    else if (anchor) {
      const index = this.indexOf(anchor);
      if (index >= 0) geometry.moveTo(geometry.startOf(index) + within, this.edges);
    }
    if (placed !== null || !model.isJumping) this.settle();
    this.loadAround();
    this.draw(true);
  }

  /** Where the view is to begin when the model asks for something new. */
  private placed(): number | null {
    const { geometry, model } = this;
    const { seq, key, at } = model.placement;
    if (seq === this.seq || geometry.viewport === 0) return null;
    if (at === "end") {
      this.seq = seq;
      return geometry.total - geometry.viewport;
    }
    const index = this.rows.findIndex((row) => row.key === key);
    if (index < 0) return null; // it is hidden, or comes with the next change
    this.seq = seq;
    const y = geometry.startOf(index);
    if (at === "top") return y;
    const isInView = y >= geometry.position && y + ROW_PX <= geometry.position + geometry.viewport;
    return isInView ? geometry.position : y - geometry.viewport / 3;
  }

  private indexOf(row: Row): number {
    const index = this.rows.findIndex((one) => one.key === row.key);
    if (index >= 0) return index;
    return this.rows.findIndex((one) => one.offset >= row.offset && one.task === row.task); // it is hidden now
  }

  private settle() {
    const { geometry, model } = this;
    const row = this.topRow;
    const share = row ? model.source.shareOf(row) : 0;
    const height = this.rows.length > 0 ? geometry.total / this.rows.length : ROW_PX;
    geometry.settle(this.edges, share, this.estimate() * height);
    this.isMoved = true;
  }

  /** About how many rows there are: as the source says, else as many as those held are of the share that they are. */
  private estimate(): number {
    const { source } = this.model;
    const told = source.estimate();
    const [first, last] = [this.rows[0], this.rows.at(-1)];
    if (told > 0 || !first || !last) return told;
    const share = source.shareOf(last) - source.shareOf(first);
    return share > 0 ? this.rows.length / share : 0;
  }

  private loadAround() {
    const { geometry, model } = this;
    if (model.state !== "ready" || geometry.viewport === 0) return;
    const { position, viewport, total } = geometry;
    if (position < AHEAD * viewport) void model.loadBefore();
    if (position + viewport > total - AHEAD * viewport) void model.loadAfter();
  }

  private draw(isForced: boolean) {
    const { geometry, rows, model } = this;
    const half = geometry.viewport / 2;
    let [first, last] = geometry.window(model.isFollowing ? Math.min(SPARE * ROW_PX, half) : half);
    first = Math.max(0, first - (first % STEP));
    last = Math.min(rows.length, last + STEP - (last % STEP));
    if (this.kept) [first, last] = this.widened(first, last, this.kept);
    if (!isForced && first === this.drawn.first && last === this.drawn.last) return;
    const [top, bottom] = [this.topRow, this.rows[geometry.indexAt(geometry.position + geometry.viewport)]];
    this.drawn = {
      rows,
      first,
      last,
      y: geometry.origin + geometry.startOf(first),
      height: geometry.height,
      from: top ? model.source.shareOf(top) : 0,
      to: bottom && !this.isAtEnd() ? model.source.shareOf(bottom) : 1,
    };
    for (const listener of this.listeners) listener();
  }

  private widened(first: number, last: number, keys: [string, string]): [number, number] {
    const places = keys.map((key) => this.rows.findIndex((row) => row.key === key));
    const [low, high] = [Math.min(...places), Math.max(...places)];
    if (low < 0 || Math.max(high + 1, last) - Math.min(low, first) > 2000) return [first, last];
    return [Math.min(low, first), Math.max(high + 1, last)];
  }

  private forget() {
    const held = new Set(this.rows.map((row) => row.key));
    for (const key of this.heights.keys()) if (!held.has(key)) this.heights.delete(key);
  }
}
