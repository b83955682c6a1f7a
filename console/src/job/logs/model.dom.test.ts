import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LogModel } from "./model.ts";
import { type Row, Rows, type Stretch } from "./rows.ts";
import { LINE, rowAt, stretch } from "./samples.ts";
import type { Facts, Found, Growth, LogSource, Target } from "./source.ts";

/** A log of numbered lines that grows when it is told to, and whose stream can be cut. */
class FakeLog implements LogSource {
  facts: Facts = { size: 0, lineCount: 0, ended: false };
  streams: number[] = [];
  private wake = () => {};
  private isCut = false;

  constructor(private lines: number) {
    this.know();
  }

  write(lines: number) {
    this.lines += lines;
    this.wake();
  }

  cut() {
    this.isCut = true;
    this.wake();
  }

  end() {
    this.facts = { ...this.facts, ended: true };
    this.wake();
  }

  tail = async () => this.page(Math.max(0, this.lines - 20), this.lines);
  before = async (place: unknown) => this.page(Math.max(0, Number(place) / LINE - 20), Number(place) / LINE);
  after = async (place: unknown) =>
    this.page(Number(place) / LINE, Math.min(this.lines, Number(place) / LINE + 20));
  at = async (share: number) => this.after(Math.floor(share * this.lines) * LINE);
  refresh = async () => this.know();
  numberAt = async (place: unknown) => Number(place) / LINE + 1;
  errorsFrom = async (place: number | string) => ({ keys: new Set<string>(), end: place });
  shareOf = (row: Pick<Row, "offset">) => row.offset / (this.lines * LINE);
  estimate = () => this.lines;

  async find(target: Target): Promise<Found> {
    const line = target.kind === "line" ? target.line - 1 : target.offset / LINE;
    if (line >= this.lines) return { stretches: [await this.tail()], key: null };
    const page = this.page(Math.max(0, line - 5), Math.min(this.lines, line + 20));
    return { stretches: [page], key: rowAt(line).key };
  }

  async *stream(place: unknown, _last: Row | undefined, signal: AbortSignal): AsyncGenerator<Growth | null> {
    let at = Number(place) / LINE;
    this.streams.push(at);
    signal.addEventListener("abort", () => this.wake());
    yield null;
    while (!signal.aborted) {
      if (this.isCut) {
        this.isCut = false;
        throw new TypeError("network");
      }
      if (at < this.lines) {
        const rows = stretch(at, this.lines).rows.map((row) => ({ ...row, number: 0 }));
        at = this.lines;
        yield { rows, end: at * LINE };
      } else if (this.facts.ended) return;
      else await new Promise<void>((resolve) => (this.wake = resolve));
    }
    throw new DOMException("aborted", "AbortError");
  }

  private page(from: number, to: number): Stretch {
    this.know();
    return { ...stretch(from, to), atEnd: to >= this.lines };
  }

  private know() {
    this.facts = { ...this.facts, size: this.lines * LINE, lineCount: this.lines };
  }
}

const shown = (model: LogModel) => model.shown.map((row) => row.number);
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
const settle = (ms = 200) => vi.advanceTimersByTimeAsync(ms);

let models: LogModel[] = [];

async function opened(log: FakeLog, target: Target | null = null, rows?: Rows): Promise<LogModel> {
  const model = new LogModel(log, true, rows);
  models.push(model);
  await model.open(target);
  await settle();
  return model;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  for (const model of models) model.close();
  models = [];
  vi.useRealTimers();
});

test("opens at the tail and follows what comes, each line once", async () => {
  const log = new FakeLog(100);
  const model = await opened(log);
  expect(model).toMatchObject({ state: "ready", live: "live", isFollowing: true, placement: { at: "end" } });
  log.write(3);
  await settle();
  log.write(1);
  await settle();
  expect(shown(model)).toEqual(numbers(81, 104));
});

test("a stream that is cut goes on where it was, without gap or double", async () => {
  const log = new FakeLog(100);
  const model = await opened(log);
  log.write(5);
  await settle();
  log.cut();
  await settle(50);
  expect(model.live).toBe("lost");
  log.write(5);
  await settle(2000);
  expect(model.live).toBe("live");
  expect(log.streams).toEqual([100, 105]);
  expect(shown(model)).toEqual(numbers(81, 110));
});

test("who scrolled up sees how many lines are new, and follows again", async () => {
  const log = new FakeLog(100);
  const model = await opened(log);
  model.unfollow();
  log.write(7);
  await settle();
  expect(model).toMatchObject({ isFollowing: false, fresh: 7 });
  await model.follow();
  expect(model).toMatchObject({ isFollowing: true, fresh: 0 });
});

test("when the end is let go of, new lines are counted without the stream, and the end is found again", async () => {
  const log = new FakeLog(100);
  const model = await opened(log, null, new Rows({ rows: 45, chars: 1e9 }));
  model.unfollow();
  await model.loadBefore();
  await model.loadBefore(); // 60 rows are too many: the end goes
  expect(model.rows.atEnd).toBe(false);
  log.write(9);
  await settle(5000);
  expect(model.fresh).toBe(9);
  expect(shown(model).at(-1)).toBeLessThan(100);
  await model.follow();
  log.write(2);
  await settle();
  expect(shown(model)).toEqual(numbers(90, 111));
});

test("a page that is hidden lets go of its stream, and catches up when it is seen", async () => {
  const log = new FakeLog(100);
  const model = await opened(log);
  const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
  document.dispatchEvent(new Event("visibilitychange"));
  log.write(4);
  await settle(10_000);
  expect(shown(model).at(-1)).toBe(100);
  hidden.mockReturnValue(false);
  document.dispatchEvent(new Event("visibilitychange"));
  await settle();
  expect(shown(model)).toEqual(numbers(81, 104));
  hidden.mockRestore();
});

test("opens at a line that is asked for, and says when there is none", async () => {
  const model = await opened(new FakeLog(100), { kind: "line", line: 40 });
  expect(model).toMatchObject({
    isFollowing: false,
    isMissing: false,
    placement: { key: rowAt(39).key, at: "third" },
  });
  await model.show({ kind: "line", line: 400 });
  expect(model).toMatchObject({ isMissing: true, placement: { at: "end" } });
});

test("of many jumps the last one counts", async () => {
  const model = await opened(new FakeLog(1000));
  const jumps = [0.1, 0.9, 0.3, 0.5].map((share) => model.jump(share));
  await Promise.all(jumps);
  expect(shown(model)[0]).toBe(501);
  expect(model.placement).toMatchObject({ key: rowAt(500).key, at: "top" });
});

test("ends with its task", async () => {
  const log = new FakeLog(10);
  const model = await opened(log);
  log.write(1);
  log.end();
  await settle(2000);
  expect(model).toMatchObject({ live: "ended", isFollowing: false });
  expect(shown(model)).toEqual(numbers(1, 11));
});
