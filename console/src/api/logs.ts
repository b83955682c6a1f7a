/** Logs: pages of lines, searches and links by the typed client; live bytes and events by streams that can be ended. */
import { address, api, checked, data, inProject, requestHeaders, type Schemas } from "./client.ts";
import { Unreachable } from "./errors.ts";

export type LogPage = Schemas["LogPage"];
export type LogMatch = Schemas["LogMatch"];
export type LogMatches = Schemas["LogMatches"];
export type LogErrors = Schemas["LogErrorsMap"];
export type MergedPage = Schemas["MergedLogPage"];
export type LogLink = Schemas["LogLinkItem"];

/** The log of one task in one attempt. */
export interface LogOf {
  job: string;
  task: string;
  attempt: number;
}

const pathOf = ({ job, task }: LogOf) => inProject({ training_job_id: job, task_id: task });

/** Where a page of lines is; the newest when nothing is said. */
export type LinesAt = { start_line?: number } | { offset?: number } | { before?: number };

export function logLines(of: LogOf, at: LinesAt, count: number, signal: AbortSignal): Promise<LogPage> {
  return data(
    api.GET("/v2/{project_id}/training-jobs/{training_job_id}/tasks/{task_id}/logs/lines", {
      params: { path: pathOf(of), query: { ...at, count, attempt: of.attempt } },
      signal,
    }),
  );
}

export interface SearchWords {
  query?: string;
  regex?: boolean;
  case?: boolean;
  errors?: boolean;
  system?: boolean;
}

export interface SearchAt {
  offset?: number;
  before?: number;
  limit: number;
  count_on: boolean;
}

export function searchLog(
  of: LogOf,
  words: SearchWords,
  at: SearchAt,
  signal: AbortSignal,
): Promise<LogMatches> {
  // The typed client makes lists of pairs.
  return data(
    api.GET("/v2/{project_id}/training-jobs/{training_job_id}/tasks/{task_id}/logs/search", {
      params: { path: pathOf(of), query: { ...words, ...at, attempt: of.attempt } },
      signal,
    }),
  ) as Promise<LogMatches>;
}

export function logErrors(of: LogOf, places: number, signal: AbortSignal): Promise<LogErrors> {
  return data(
    api.GET("/v2/{project_id}/training-jobs/{training_job_id}/tasks/{task_id}/logs/errors", {
      params: { path: pathOf(of), query: { places, attempt: of.attempt } },
      signal,
    }),
  ) as Promise<LogErrors>;
}

/** Where a page of all tasks' lines is; the newest when nothing is said. */
export type MergedAt = { before?: string } | { after?: string } | { time?: number };

export function mergedLines(
  job: string,
  attempt: number,
  at: MergedAt,
  count: number,
  signal: AbortSignal,
): Promise<MergedPage> {
  return data(
    api.GET("/v2/{project_id}/training-jobs/{training_job_id}/logs-merged", {
      params: { path: inProject({ training_job_id: job }), query: { ...at, count, attempt } },
      signal,
    }),
  );
}

/** The log's bytes from `offset` on as they come, none at first, once it is open; ends when the task has ended and all were sent. */
export async function* streamLog(
  of: LogOf,
  offset: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const path = `/v2/{project_id}/training-jobs/${of.job}/tasks/${encodeURIComponent(of.task)}/logs/stream`;
  yield* bytesOf(address(path, { offset, attempt: of.attempt }), signal);
}

/** Pages of all tasks' lines behind the place `after` as they come, null first, once it is open; ends when all tasks have ended. */
export async function* streamMerged(
  job: string,
  attempt: number,
  after: string,
  signal: AbortSignal,
): AsyncGenerator<MergedPage | null> {
  const url = address(`/v2/{project_id}/training-jobs/${job}/logs-merged/stream`, { after, attempt });
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of bytesOf(url, signal)) {
    text += decoder.decode(piece, { stream: true });
    const events = text.split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) {
      if (/^event: end$/m.test(event)) return;
      if (/^event: begin$/m.test(event)) yield null;
      const found = /^event: lines$/m.test(event) ? /^data: (.*)$/m.exec(event) : null;
      if (found) yield JSON.parse(found[1] as string) as MergedPage;
    }
  }
  throw new Unreachable("the stream ended early");
}

async function* bytesOf(url: string, signal: AbortSignal): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = await opened(url, signal);
  try {
    yield new Uint8Array(0);
    while (true) {
      const { done, value } = await reader.read().catch(lost);
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined); // it may have failed: then there is nothing to let go of
  }
}

async function opened(url: string, signal: AbortSignal) {
  const answer = await checked(await fetch(url, { headers: requestHeaders("GET"), signal }).catch(lost));
  if (answer.body === null) throw new Unreachable("an answer without a body");
  return answer.body.getReader();
}

function lost(error: unknown): never {
  if (error instanceof DOMException && error.name === "AbortError") throw error;
  throw new Unreachable(String(error));
}

/** Where the whole log of a task is saved from. */
export function logAddress({ job, task, attempt }: LogOf): string {
  const path = `/v2/{project_id}/training-jobs/${job}/tasks/${encodeURIComponent(task)}/logs/content`;
  return address(path, { attempt, download: true });
}

/** Where the logs of all tasks are saved from, as one archive. */
export function logsArchiveAddress(job: string, attempt: number): string {
  return address(`/v2/{project_id}/training-jobs/${job}/logs-archive`, { attempt });
}

/** Make a link to the latest attempt's log that anybody may open for an hour. */
export function shareLog(job: string, task: string, isDownload: boolean): Promise<Schemas["LogLink"]> {
  return data(
    api.GET("/v2/{project_id}/training-jobs/{training_job_id}/tasks/{task_id}/logs/url", {
      params: {
        path: inProject({ training_job_id: job, task_id: task }),
        query: { "Content-Type": isDownload ? "application/octet-stream" : "text/plain" },
      },
    }),
  );
}

export function logLinks(job: string, signal: AbortSignal): Promise<Schemas["LogLinks"]> {
  return data(
    api.GET("/v2/{project_id}/training-jobs/{training_job_id}/log-links", {
      params: { path: inProject({ training_job_id: job }), query: { limit: 100 } },
      signal,
    }),
  );
}

export async function revokeLogLink(job: string, link: string): Promise<void> {
  await api.DELETE("/v2/{project_id}/training-jobs/{training_job_id}/log-links/{link_id}", {
    params: { path: inProject({ training_job_id: job, link_id: link }) },
  });
}
