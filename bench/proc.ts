/** The kernel tells times to programs in USER_HZ, 100 a second on every Linux that Node runs on (proc(5)). */
const TICKS_PER_SECOND = 100;

/**
 * The CPU seconds that a process has used, in all threads, itself and in the kernel: fields 14 and 15 of
 * `/proc/PID/stat` (proc(5)). Throws on other text.
 */
export function cpuSecondsOf(stat: string): number {
  // The program's name stands in parentheses and may itself hold blanks and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[14 - FIRST_FIELD]) + Number(fields[15 - FIRST_FIELD]);
  if (!stat.includes(")") || !Number.isFinite(ticks)) throw new Error("not the text of /proc/PID/stat");
  return ticks / TICKS_PER_SECOND;
}

/** The bytes of a process that are in memory: `VmRSS` of `/proc/PID/status`. Throws on other text. */
export function residentBytesOf(status: string): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kibibytes === undefined) throw new Error("not the text of /proc/PID/status");
  return Number(kibibytes) * 1024;
}

/** The number, as proc(5) counts, of the first field behind the name. */
const FIRST_FIELD = 3;
