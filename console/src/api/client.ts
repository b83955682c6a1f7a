/** The one way to the server: typed calls of its API, with the session's project, CSRF token and language. */
import createClient, { type Middleware } from "openapi-fetch";
import { errorOf, Unreachable } from "./errors.ts";
import type { components, paths } from "./schema.gen.ts";

export type Schemas = components["schemas"];

const TIMEOUT_MS = 60_000;

const session = { project: "", csrf: "", language: "en", onSignedOut: () => {} };

/** Tell the client whom it speaks for; the session does, at sign-in and whenever the project changes. */
export function speakFor(change: Partial<typeof session>): void {
  Object.assign(session, change);
}

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/** What every request of this page carries. */
export function requestHeaders(method: string): Record<string, string> {
  const headers: Record<string, string> = { "X-Language": session.language === "zh" ? "zh-cn" : "en-us" };
  if (!SAFE.has(method) && session.csrf) headers["X-CSRF-Token"] = session.csrf;
  return headers;
}

/** Refuse an answer that is an error; the caller gets an `ApiError`. Signs out when the session is over. */
export async function checked(response: Response): Promise<Response> {
  if (response.ok) return response;
  const error = await errorOf(response);
  if (response.status === 401) session.onSignedOut();
  throw error;
}

const middleware: Middleware = {
  onRequest({ request }) {
    for (const [name, value] of Object.entries(requestHeaders(request.method)))
      request.headers.set(name, value);
    return request;
  },
  async onResponse({ response }) {
    return checked(response);
  },
};

async function fetchInTime(input: Request): Promise<Response> {
  try {
    return await fetch(input, { signal: AbortSignal.any([input.signal, AbortSignal.timeout(TIMEOUT_MS)]) });
  } catch (error) {
    if (input.signal.aborted) throw error;
    throw new Unreachable(String(error));
  }
}

export const api = createClient<paths>({ baseUrl: globalThis.location?.origin ?? "", fetch: fetchInTime });
api.use(middleware);

/** Path parameters with the session's project. */
export function inProject(): { project_id: string };
export function inProject<T extends object>(parameters: T): T & { project_id: string };
export function inProject(parameters: object = {}) {
  return { project_id: session.project, ...parameters };
}

/** The project's id; part of the key of everything that is cached of it. */
export function project(): string {
  return session.project;
}

/** The answer's data; errors were thrown before. */
export async function data<T>(call: Promise<{ data?: T }>): Promise<T> {
  return (await call).data as T;
}

/** The address of something that the browser itself opens: a download, an image, a stream. */
export function address(
  path: string,
  query: Record<string, string | number | boolean | undefined> = {},
): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  const filled = path.replace("{project_id}", encodeURIComponent(session.project));
  return search.size ? `${filled}?${search}` : filled;
}
