/** Objects' bytes: what the typed client cannot do, such as ranges, and uploads that tell how far they are. */
import { address, api, checked, data, inProject, requestHeaders, type Schemas } from "./client.ts";
import { isApiError, Unreachable } from "./errors.ts";

export type ObjectItem = Schemas["ObjectItem"];
export type UploadItem = Schemas["UploadItem"];

/** One page of a folder, or of all below `prefix` when not `folded`. */
export function listObjects(
  bucket: string,
  query: { prefix: string; after?: string; limit: number; folded: boolean },
  signal?: AbortSignal,
): Promise<Schemas["ObjectListing"]> {
  const { folded, ...rest } = query;
  return data(
    api.GET("/v1/{project_id}/buckets/{bucket}/objects", {
      params: { path: inProject({ bucket }), query: { ...rest, ...(folded ? { delimiter: "/" } : {}) } },
      ...(signal ? { signal } : {}),
    }),
  );
}

/** Where the object's bytes are; a browser that opens it saves a file. */
export function objectAddress(bucket: string, key: string): string {
  const path = key.split("/").map(encodeURIComponent).join("/");
  return address(`/v1/{project_id}/buckets/${encodeURIComponent(bucket)}/objects/${path}`);
}

export interface Read {
  blob: Blob;
  /** Bytes of the whole object. */
  size: number;
  etag: string;
}

/** The first `limit` bytes of what lies at `url`. */
export async function readBytes(url: string, limit: number, signal?: AbortSignal): Promise<Read> {
  const response = await reached(
    fetch(url, {
      headers: { ...requestHeaders("GET"), Range: `bytes=0-${limit - 1}` },
      ...(signal ? { signal } : {}),
    }),
  );
  if (response.status === 416) return { blob: new Blob(), size: 0, etag: etagOf(response) }; // an empty object
  await checked(response);
  const blob = await response.blob();
  const size = Number(response.headers.get("content-range")?.split("/")[1] ?? blob.size);
  return { blob, size, etag: etagOf(response) };
}

export interface ObjectFacts {
  size: number;
  etag: string;
  /** ms; the header has whole seconds. */
  modified_at_ms: number;
}

/** Size, etag and time of an object; null when there is none. */
export async function headObject(
  bucket: string,
  key: string,
  signal?: AbortSignal,
): Promise<ObjectFacts | null> {
  const response = await reached(
    fetch(objectAddress(bucket, key), {
      method: "HEAD",
      headers: requestHeaders("HEAD"),
      ...(signal ? { signal } : {}),
    }),
  );
  if (response.status === 404) return null;
  await checked(response);
  return {
    size: Number(response.headers.get("content-length") ?? 0),
    etag: etagOf(response),
    modified_at_ms: Date.parse(response.headers.get("last-modified") ?? "") || 0,
  };
}

/** Refused: something else is there than what was to be replaced. */
export function isOther(error: unknown): boolean {
  return isApiError(error) && error.status === 412;
}

/** Store an object's bytes; tells of those that have left. */
export function putObject(
  bucket: string,
  key: string,
  body: Blob,
  { replacing, ...options }: PutOptions = {},
): Promise<ObjectItem> {
  const condition: Record<string, string> =
    replacing === undefined ? {} : replacing ? { "If-Match": `"${replacing}"` } : { "If-None-Match": "*" };
  return send<ObjectItem>(objectAddress(bucket, key), body, options, condition);
}

/** Store one part, counted from 1. */
export function putPart(
  bucket: string,
  uploadId: string,
  part: number,
  body: Blob,
  options: SendOptions,
): Promise<unknown> {
  const path = `/v1/{project_id}/buckets/${encodeURIComponent(bucket)}/uploads/${uploadId}/parts/${part}`;
  return send(address(path), body, options);
}

export async function deleteObject(bucket: string, key: string): Promise<void> {
  await api.DELETE("/v1/{project_id}/buckets/{bucket}/objects/{key}", {
    params: { path: inProject({ bucket, key }) },
  });
}

export interface SendOptions {
  onSent?: (bytes: number) => void;
  signal?: AbortSignal;
}

export interface PutOptions extends SendOptions {
  /** The etag of what may be replaced; empty: nothing may. */
  replacing?: string;
}

/** PUT through XMLHttpRequest: `fetch` does not tell how much of a body has left. */
function send<T>(
  url: string,
  body: Blob,
  { onSent, signal }: SendOptions,
  condition: Readonly<Record<string, string>> = {},
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    const done = () => signal?.removeEventListener("abort", abort);
    request.open("PUT", url);
    for (const [name, value] of Object.entries({ ...requestHeaders("PUT"), ...condition }))
      request.setRequestHeader(name, value);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => onSent?.(event.loaded);
    request.onload = () => {
      done();
      const headers = { "x-request-id": request.getResponseHeader("x-request-id") ?? "" };
      // Response takes no body with 204 and its like, and no status below 200.
      checked(new Response(request.responseText, { status: request.status, headers }))
        .then((response) => response.json() as Promise<T>)
        .then(resolve, reject);
    };
    request.onerror = () => {
      done();
      reject(new Unreachable(url));
    };
    request.onabort = () => {
      done();
      reject(signal?.reason ?? new DOMException("aborted", "AbortError"));
    };
    signal?.addEventListener("abort", abort);
    request.send(body);
  });
}

function etagOf(response: Response): string {
  return (response.headers.get("etag") ?? "").replaceAll('"', "");
}

async function reached(call: Promise<Response>): Promise<Response> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Unreachable(String(error));
  }
}
