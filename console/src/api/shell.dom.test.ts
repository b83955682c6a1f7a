import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { speakFor } from "./client.ts";
import { openShell, type ShellEnd } from "./shell.ts";

class FakeSocket {
  static readonly OPEN = 1;
  static last: FakeSocket;
  binaryType = "";
  readyState = 0;
  sent: unknown[] = [];
  onopen = () => {};
  onclose = () => {};
  onmessage = (_event: { data: unknown }) => {};
  constructor(readonly url: URL) {
    FakeSocket.last = this;
  }
  send(message: unknown) {
    this.sent.push(message);
  }
  close() {
    this.readyState = 3;
    this.onclose();
  }
  opens() {
    this.readyState = FakeSocket.OPEN;
    this.onopen();
  }
}

beforeEach(() => {
  vi.stubGlobal("WebSocket", FakeSocket);
  speakFor({ project: "p1" });
});
afterEach(() => vi.unstubAllGlobals());

function opened() {
  const ends: ShellEnd[] = [];
  const output: number[] = [];
  const shell = openShell(
    { job: "j1", task: "worker-0", rows: 24, columns: 5000 },
    { onOpen: () => {}, onOutput: (bytes) => output.push(...bytes), onEnd: (end) => ends.push(end) },
  );
  return { shell, ends, output, socket: FakeSocket.last };
}

it("asks for a terminal of its size, within what the server takes", () => {
  const { socket } = opened();
  expect(socket.url.protocol).toBe("ws:");
  expect(socket.url.pathname).toBe("/v2/p1/training-jobs/j1/tasks/worker-0/shell");
  expect(Object.fromEntries(socket.url.searchParams)).toEqual({ rows: "24", columns: "1000" });
});

it("passes bytes on, both ways, and sizes", () => {
  const { shell, output, socket } = opened();
  shell.resize(1, 1); // not yet open: nobody to tell
  socket.opens();
  socket.onmessage({ data: new Uint8Array([104, 105]).buffer });
  shell.write(new Uint8Array([3]));
  shell.resize(0, 132);
  expect(output).toEqual([104, 105]);
  expect(socket.sent).toEqual([new Uint8Array([3]), '{"rows":1,"columns":132}']);
});

it("tells how it ended", () => {
  const { ends, socket } = opened();
  socket.opens();
  socket.onmessage({ data: '{"exit_code": 129, "message": "left alone"}' });
  socket.close();
  expect(ends).toEqual([{ kind: "exited", code: 129, message: "left alone" }]);
});

it("tells a refusal from a broken connection", () => {
  const refused = opened();
  refused.socket.close();
  const broken = opened();
  broken.socket.opens();
  broken.socket.close();
  expect([...refused.ends, ...broken.ends]).toEqual([{ kind: "refused" }, { kind: "broken" }]);
});

it("says nothing once it was left", () => {
  const { shell, ends, output, socket } = opened();
  socket.opens();
  shell.close();
  socket.onmessage({ data: new Uint8Array([1]).buffer });
  expect([ends, output]).toEqual([[], []]);
});
