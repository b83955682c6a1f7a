import { describe, expect, it, vi } from "vitest";
import { ApiError, Unreachable } from "../api/errors.ts";
import { planOf, type Transport, WHOLE_MAX } from "./transfer.ts";
import { type QueueOptions, UploadQueue } from "./uploadQueue.ts";

/** A file that claims its size without holding it. */
function file(name: string, size: number): File {
  const made = new File(["x"], name, { lastModified: 7 });
  Object.defineProperty(made, "size", { value: size });
  made.slice = (start = 0, end = size) => {
    const part = new Blob(["x"]);
    Object.defineProperty(part, "size", { value: Math.min(end, size) - start });
    part.arrayBuffer = async () => new ArrayBuffer(1);
    return part;
  };
  return made;
}

const item = (key: string, size: number) => ({ key, size, modified_at_ms: 0, etag: "" });

function server(change: Partial<Transport> = {}) {
  const stored = new Set<number>();
  const transport = {
    put: vi.fn<Transport["put"]>(async (_bucket, key, body) => item(key, body.size)),
    sizeOf: vi.fn<Transport["sizeOf"]>(async () => -1),
    begin: vi.fn<Transport["begin"]>(async (_bucket, plan) => ({
      upload_id: "u1",
      key: plan.key,
      size: plan.size,
      part_size: plan.part_size,
      parts: [...stored].sort((a, b) => a - b),
    })),
    part: vi.fn<Transport["part"]>(async (_bucket, _id, part) => void stored.add(part)),
    complete: vi.fn<Transport["complete"]>(async () => item("k", 1)),
  };
  Object.assign(transport, change);
  return { transport, stored };
}

function queue(transport: Transport, change: Partial<QueueOptions> = {}) {
  const made = new UploadQueue({ transport, pause: async () => undefined, now: () => Date.now(), ...change });
  const until = (check: () => void) => vi.waitFor(check, { timeout: 3000, interval: 10 });
  const states = () => made.snapshot().uploads.map((upload) => upload.state);
  return { made, until, states };
}

const MIB = 1024 * 1024;

describe("the upload queue", () => {
  it("sends small files whole, three at a time", async () => {
    let running = 0;
    let most = 0;
    const { transport } = server({
      put: async (_bucket, key) => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running -= 1;
        return item(key, 1);
      },
    });
    const { made, until, states } = queue(transport);
    made.add(
      "b",
      Array.from({ length: 8 }, (_, index) => ({ key: `f${index}`, file: file("f", 10) })),
    );
    await until(() => expect(states()).toEqual(Array(8).fill("done")));
    expect(most).toBe(3);
    expect(made.snapshot()).toMatchObject({ total: 80, sent: 80 });
    expect(made.isBusy).toBe(false);
    made.clear();
    await until(() => expect(states()).toEqual([]));
  });

  it("sends only the parts of a large file that the server lacks", async () => {
    const { transport, stored } = server();
    stored.add(1).add(3);
    const { made, until, states } = queue(transport);
    made.add("b", [{ key: "big", file: file("big", WHOLE_MAX * 3 + 5) }]);
    await until(() => expect(states()).toEqual(["done"]));
    expect(transport.part.mock.calls.map((call) => [call[2], call[3].size])).toEqual([
      [2, WHOLE_MAX],
      [4, 5],
    ]);
    expect(transport.put).not.toHaveBeenCalled();
    expect(transport.complete).toHaveBeenCalledOnce();
  });

  it("waits out a lost connection and goes on where it was", async () => {
    let failures = 4;
    const { transport, stored } = server();
    const sound = transport.part.getMockImplementation() as Transport["part"];
    transport.part.mockImplementation(async (...call) => {
      if (call[2] === 2 && failures-- > 0) throw new Unreachable("gone");
      return sound(...call);
    });
    const { made, until, states } = queue(transport);
    made.add("b", [{ key: "big", file: file("big", WHOLE_MAX * 3) }]);
    await until(() => expect(states()).toEqual(["done"]));
    expect([...stored].sort()).toEqual([1, 2, 3]);
    expect(transport.part.mock.calls.filter((call) => call[2] === 1)).toHaveLength(1);
  });

  it("says so when a file cannot be read any more, instead of trying for ever", async () => {
    const { transport } = server({
      put: async () => {
        throw new Unreachable("the body");
      },
    });
    const gone = file("gone", 10);
    gone.slice = () => ({ arrayBuffer: () => Promise.reject(new Error("NotReadable")) }) as unknown as Blob;
    const { made, until, states } = queue(transport);
    made.add("b", [{ key: "gone", file: gone }]);
    await until(() => expect(states()).toEqual(["failed"]));
    expect(made.snapshot().uploads[0]?.error).toMatchObject({ name: "FileGone" });
  });

  it("replaces nothing where there was nothing, and knows its own file after a lost answer", async () => {
    const there = new Map<string, number>([["taken", 3]]);
    let lost = true;
    const { transport } = server({
      put: async (_bucket, key, body, { replacing }) => {
        if (replacing === "" && there.has(key)) throw new ApiError(412, "X", "it is there", "", "", "");
        there.set(key, body.size);
        if (lost) {
          lost = false;
          throw new Unreachable("the answer");
        }
        return item(key, body.size);
      },
      sizeOf: async (_bucket, key) => there.get(key) ?? -1,
    });
    const { made, until, states } = queue(transport);
    made.add("b", [{ key: "mine", file: file("mine", 5), isNew: true }]);
    await until(() => expect(states()).toEqual(["done"]));
    made.add("b", [{ key: "taken", file: file("taken", 3), isNew: true }]);
    await until(() => expect(states()).toEqual(["done", "failed"]));
    made.add("b", [{ key: "big", file: file("big", WHOLE_MAX * 2), isNew: true }]);
    await until(() => expect(states()[2]).toBe("done"));
    expect(transport.begin.mock.calls.map((call) => call[1].overwrite)).toEqual([false]);
  });

  it("fails what the server refuses, and tries again when asked to", async () => {
    let refuse = true;
    const { transport } = server({
      put: async (_bucket, key) => {
        if (refuse) throw new ApiError(409, "X", "a folder is there", "", "", "");
        return item(key, 1);
      },
    });
    const { made, until, states } = queue(transport);
    made.add("b", [{ key: "a", file: file("a", 1) }]);
    await until(() => expect(states()).toEqual(["failed"]));
    refuse = false;
    made.retry();
    await until(() => expect(states()).toEqual(["done"]));
  });

  it("tries a server's faults a few times only", async () => {
    const put = vi.fn<Transport["put"]>(async () => {
      throw new ApiError(503, "X", "busy", "", "", "");
    });
    const { made, until, states } = queue(server({ put }).transport);
    made.add("b", [{ key: "a", file: file("a", 1) }]);
    await until(() => expect(states()).toEqual(["failed"]));
    expect(put).toHaveBeenCalledTimes(6);
  });

  it("pauses, goes on without sending parts twice, and drops what is cancelled", async () => {
    let hold = true;
    const { transport, stored } = server();
    transport.part.mockImplementation(async (_bucket, _id, part, _body, { signal }) => {
      if (hold && part > 1)
        await new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
      stored.add(part);
    });
    const onDropped = vi.fn();
    const onEnded = vi.fn();
    const { made, until, states } = queue(transport, { onDropped, onEnded });
    made.add("b", [{ key: "big", file: file("big", WHOLE_MAX * 3) }]);
    await until(() => expect(stored.has(1)).toBe(true));
    made.pause();
    await until(() => expect(states()).toEqual(["paused"]));
    expect(made.isBusy).toBe(true);
    hold = false;
    made.resume();
    await until(() => expect(states()).toEqual(["done"]));
    expect(transport.part.mock.calls.filter((call) => call[2] === 1)).toHaveLength(1);
    expect(onEnded).toHaveBeenCalledWith("u1");

    hold = true;
    stored.clear();
    made.add("b", [{ key: "other", file: file("other", WHOLE_MAX * 3) }]);
    await until(() => expect(stored.has(1)).toBe(true));
    made.cancel();
    await until(() => expect(states()).toEqual(["done"]));
    expect(onDropped).toHaveBeenCalledWith("b", "u1");
  });

  it("takes the newer of two choices for one key", async () => {
    const sent: string[] = [];
    const { transport } = server({
      put: async (_bucket, key, body, { signal } = {}) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        signal?.throwIfAborted();
        sent.push((body as File).name);
        return item(key, 1);
      },
    });
    const { made, until, states } = queue(transport);
    made.add("b", [{ key: "k", file: file("old", 1) }]);
    made.add("b", [{ key: "k", file: file("new", 1) }]);
    await until(() => expect(states()).toEqual(["done"]));
    expect(sent).toEqual(["new"]);
  });
});

describe("the plan of an upload", () => {
  it("is the same for the same file, and has parts enough for the largest", () => {
    const plan = planOf("k", file("f", 100 * MIB));
    expect(plan).toEqual({ key: "k", size: 100 * MIB, part_size: 16 * MIB, revision: "7", overwrite: true });
    const huge = planOf("k", file("f", 1024 * 1024 * MIB));
    expect(Math.ceil(huge.size / huge.part_size)).toBeLessThanOrEqual(10_000);
    expect(huge.part_size % MIB).toBe(0);
  });
});
