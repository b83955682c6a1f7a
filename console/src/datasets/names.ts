/** What datasets and their versions can be called; the server's rules. */
export const NAME = /^[A-Za-z0-9_\-.\u4e00-\u9fff]{1,100}$/;
export const VERSION_NAME = /^[A-Za-z0-9_\-.\u4e00-\u9fff]{1,32}$/;
export const DESCRIPTION_MAX = 256;

/** Where a job is made that reads this version. */
export function jobPath(dataset: string, version: string): string {
  return `/jobs/new?${new URLSearchParams({ dataset, version })}`;
}
