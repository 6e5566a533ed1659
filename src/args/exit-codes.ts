/**
 * What a command's exit status says; documented in README.md and stable. Every sub-command uses these and no others.
 */
export const EXIT = {
  done: 0,
  wrongUse: 1,
  unexpected: 2,
  unreachable: 3,
  refused: 4,
  rateLimited: 5,
  dataUnusable: 6,
  portTaken: 7,
  /** `doctor`: the worst that it found is a warning, or an error. */
  warnings: 8,
  errors: 9,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
