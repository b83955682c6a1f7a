/** A shell in a task, over a WebSocket: bytes of the terminal both ways, sizes to the server, the end from it. */
import { address } from "./client.ts";

export type ShellEnd =
  /** The program has ended, or the server ended it: then `message` says why. */
  | { kind: "exited"; code: number; message: string }
  /** It never opened. A browser does not tell why. */
  | { kind: "refused" }
  /** The connection broke; what ran in the shell was hung up on. */
  | { kind: "broken" };

export interface ShellHandlers {
  onOpen: () => void;
  onOutput: (bytes: Uint8Array) => void;
  onEnd: (end: ShellEnd) => void;
}

export interface Shell {
  write: (bytes: Uint8Array<ArrayBuffer>) => void;
  resize: (rows: number, columns: number) => void;
  /** Leave: what runs in it is hung up on, and nobody is told of the end. */
  close: () => void;
}

const SIZE_MAX = 1000; // the server takes no more
const sized = (cells: number) => Math.min(Math.max(cells, 1), SIZE_MAX);

/** Open one in `task` of `job`, in a terminal of that size. */
export function openShell(
  { job, task, rows, columns }: { job: string; task: string; rows: number; columns: number },
  handlers: ShellHandlers,
): Shell {
  const path = `/v2/{project_id}/training-jobs/${job}/tasks/${encodeURIComponent(task)}/shell`;
  const url = new URL(
    address(path, { rows: sized(rows), columns: sized(columns) }),
    window.location.origin.replace(/^http/, "ws"),
  );
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  let isOpen = false;
  let isLeft = false;
  let end: ShellEnd | null = null;
  socket.onopen = () => {
    isOpen = true;
    handlers.onOpen();
  };
  socket.onmessage = ({ data }: MessageEvent<ArrayBuffer | string>) => {
    if (isLeft) return;
    if (typeof data === "string") end = endOf(data);
    else handlers.onOutput(new Uint8Array(data));
  };
  socket.onclose = () => {
    if (!isLeft) handlers.onEnd(end ?? { kind: isOpen ? "broken" : "refused" });
  };
  const send = (message: Uint8Array<ArrayBuffer> | string) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(message);
  };
  return {
    write: send,
    resize: (rows, columns) => send(JSON.stringify({ rows: sized(rows), columns: sized(columns) })),
    close: () => {
      isLeft = true;
      socket.close();
    },
  };
}

function endOf(text: string): ShellEnd {
  const said = JSON.parse(text) as { exit_code: number; message?: string };
  return { kind: "exited", code: said.exit_code, message: said.message ?? "" };
}
