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
  /** Nothing was sent: somebody would read it who did not when the writer last looked. */
  readersChanged: 10,
  /** Nothing was sent: a key, a name or an address no longer means whom it meant. */
  keyChanged: 11,
  /** Another device has made the key of this name or person, and has to confirm this one first. */
  unconfirmed: 12,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What each means to whoever asks for it, in the documentation's words. */
export const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  done: "done",
  wrongUse: "wrong use: an option, a word or a configuration that can't be",
  unexpected: "something unexpected; or it can't run here: Node is too old, the installation incomplete",
  unreachable: "the server can't be reached, the connection was lost, or what was waited for did not come",
  refused: "refused: name taken, nobody there, kicked, banned",
  rateLimited: "too many messages at once",
  dataUnusable: "the data folder can't be used: in use, damaged, newer, read-only, full",
  portTaken: "the port is taken",
  warnings: "doctor: the worst it found is a warning",
  errors: "doctor: it found an error",
  readersChanged: "not sent: the readers changed since you last looked; --accept-members sends all the same",
  keyChanged:
    "not sent: somebody's key changed, a device that they removed is still there, their name means somebody else, or another server answers",
  unconfirmed:
    "this device is not one of that person's yet: pad devices confirm on one that is, or choose another name",
  interrupted: "interrupted",
};
