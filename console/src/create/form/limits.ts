/** The server's limits on a new job; `tests/console/test_job_texts.py` holds the numbers against it. */
export const LIMITS = {
  /** Jobs, hyperparameters and channels. */
  name: /^[A-Za-z0-9_-]{1,64}$/,
  description: 256,
  command: 65_536,
  variable: /^[A-Za-z_][A-Za-z0-9_]*$/,
  variables: 100,
  variableValue: 4096,
  metric: /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/,
  role: /^[A-Za-z][A-Za-z0-9_-]{0,39}$/,
  roles: 100,
  experiment: /^(?=.{1,64}$)[\p{L}\p{N}_.-](?:[\p{L}\p{N}_. -]*[\p{L}\p{N}_.-])?$/u,
  tagKey: /^[\p{L}\p{N} _.:=+@-]{1,128}$/u,
  tagValue: /^[\p{L}\p{N} _.:=+@/-]{0,255}$/u,
  tags: 20,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must not be in it
  path: /^\/(?!\/)[^\x00-\x1f\x7f]*$/,
  retries: 128,
  graceSeconds: 3600,
  duration: 31_536_000,
} as const;
