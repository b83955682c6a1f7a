/** Errors of the server as it says them: a sentence, a remedy, a stable code. */

export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly remedy: string,
    readonly requestId: string,
    /** Path of the field in the request that is wrong, such as `spec.resource.node_count`; empty when it is none. */
    readonly field: string,
  ) {
    super(message);
  }
}

/** The server could not be reached at all. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

interface Said {
  error_code?: string;
  error_msg?: string;
  error_solution?: string;
  request_id?: string;
  error_field?: string;
}

/** The error that `response` tells of; its body is read. */
export async function errorOf(response: Response): Promise<ApiError> {
  let said: Said = {};
  try {
    said = (await response.json()) as Said;
  } catch {
    // A proxy's page, or nothing: the status has to do.
  }
  return new ApiError(
    response.status,
    said.error_code ?? "",
    said.error_msg ?? `HTTP ${response.status}`,
    said.error_solution ?? "",
    said.request_id ?? response.headers.get("x-request-id") ?? "",
    said.error_field ?? "",
  );
}

export function isApiError(error: unknown): error is ApiError {
  return error instanceof ApiError;
}
