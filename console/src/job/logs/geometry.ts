/**
 * Where rows lie in a box that scrolls. Pure.
 *
 * Browsers cannot scroll over 200 million pixels, and nobody knows how high lines are that were never loaded. So the
 * rows that are held lie somewhere (`origin`) in a canvas of bounded height; scrolling moves over them pixel by pixel,
 * far jumps are shares of the log, and whenever it comes to rest the canvas is settled: the thumb of the scroll bar
 * stands where the view is in the log, with the ends of the log at the ends of the canvas.
 */

export const CANVAS_MAX = 6_000_000; // px; transforms are exact to a fraction of a pixel up to here

export interface Edges {
  atStart: boolean;
  atEnd: boolean;
}

export class Geometry {
  /** Of the view. */
  viewport = 0;
  /** What the box is scrolled to. */
  top = 0;
  /** Of the canvas. */
  height = 0;
  /** Where the first row lies in the canvas. */
  origin = 0;
  private ends = new Float64Array(1);
  count = 0;

  /** Heights of the rows that are held. */
  measure(count: number, heightOf: (index: number) => number): void {
    if (this.ends.length <= count) this.ends = new Float64Array(count * 2 + 1);
    let end = 0;
    for (let i = 0; i < count; i++) {
      this.ends[i] = end;
      end += heightOf(i);
    }
    this.ends[count] = end;
    this.count = count;
  }

  /** Of all rows that are held. */
  get total(): number {
    return this.ends[this.count] as number;
  }

  /** Where row `index` begins, from the first row's beginning. */
  startOf(index: number): number {
    return this.ends[Math.max(0, Math.min(index, this.count))] as number;
  }

  /** Where the view begins, from the first row's beginning. */
  get position(): number {
    return this.top - this.origin;
  }

  /** The row at a height from the first row's beginning; the first or last one beyond. */
  indexAt(y: number): number {
    let low = 0;
    let high = this.count - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.ends[middle] as number) <= y) low = middle;
      else high = middle - 1;
    }
    return Math.max(0, low);
  }

  /** The rows to draw: those in view and `spare` pixels around them. */
  window(spare: number): [number, number] {
    if (this.count === 0) return [0, 0];
    return [
      this.indexAt(this.position - spare),
      Math.min(this.count, this.indexAt(this.position + this.viewport + spare) + 1),
    ];
  }

  /** Let the view begin at `position`, as far as there is something; the scroll bar follows when it settles. */
  moveTo(position: number, edges: Edges): void {
    this.origin = this.top - this.bounded(position, edges);
  }

  /** The share of the log that a far jump to where the box is scrolled now asks for. */
  get share(): number {
    const room = this.height - this.viewport;
    return room > 0 ? Math.min(1, Math.max(0, this.top / room)) : 0;
  }

  /**
   * Put the canvas in order around the view, which stays where it is in the log. `share`: how far into the log the row
   * at its top is; `whole`: about the height of the whole log. Sets `top`, which the box is to be scrolled to.
   */
  settle(edges: Edges, share: number, whole: number): void {
    const position = this.bounded(this.position, edges);
    const { total, viewport } = this;
    if (edges.atStart && edges.atEnd) {
      this.height = total;
      this.origin = 0;
    } else {
      const least = total + (edges.atStart ? 0 : 2 * viewport) + (edges.atEnd ? 0 : 2 * viewport);
      this.height = Math.max(least, Math.min(whole, CANVAS_MAX));
      if (edges.atStart) this.origin = 0;
      else if (edges.atEnd) this.origin = this.height - total;
      else {
        const origin = share * (this.height - viewport) - position;
        this.origin = Math.max(2 * viewport, Math.min(origin, this.height - total - 2 * viewport));
      }
    }
    this.top = Math.max(0, Math.min(this.origin + position, this.height - viewport));
  }

  /**
   * While somebody scrolls only what must be: whether the view is so close to an end of the log, or of the canvas, that
   * it has to be settled now. At the lower end the canvas grows or shrinks, which moves nothing.
   */
  needsSettling(edges: Edges): boolean {
    const { viewport, top, origin, total } = this;
    if (edges.atEnd) this.height = Math.max(origin + total, viewport);
    else this.height = Math.max(this.height, origin + total + viewport, top + 4 * viewport);
    if (edges.atStart) return origin !== 0 && this.position < viewport;
    return top < 2 * viewport || origin < 0;
  }

  /** A position that shows no more than there is of emptiness before the first and behind the last row. */
  private bounded(position: number, edges: Edges): number {
    const last = Math.max(0, this.total - this.viewport);
    let bounded = position;
    if (edges.atEnd) bounded = Math.min(bounded, last);
    if (edges.atStart) bounded = Math.max(bounded, 0);
    return bounded;
  }
}
