/** Why a file that somebody named can't be read or written, as the end of a sentence without its full stop. */
export function explainFileError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const known = "code" in error ? WORDS.get(error.code) : undefined;
  return known ?? error.message.replace(/\.$/, "");
}

const WORDS: ReadonlyMap<unknown, string> = new Map([
  ["ENOENT", "there is no such file or folder"],
  ["EEXIST", "there is such a file already, and it isn't overwritten: give another name"],
  ["EISDIR", "that is a folder"],
  ["ENOTDIR", "a part of its path is no folder"],
  ["EACCES", "your user may not do that there"],
  ["EPERM", "your user may not do that there"],
  ["EROFS", "that disk can only be read"],
  ["ENOSPC", "the disk is full"],
  ["EDQUOT", "your share of the disk is used up"],
  ["ENAMETOOLONG", "its name is too long"],
]);
