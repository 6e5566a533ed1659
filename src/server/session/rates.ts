/** How fast a session may go. Times are milliseconds of a monotonic clock. */
export class Rates {
  readonly #perSecond: number;
  #messages: number;
  /** Can be owed: then nothing more is read until it is paid. */
  #commands: number;
  #bytes: number;
  #at: number;

  /** @param messagesPerSecond 0: no limit of any kind. */
  constructor(messagesPerSecond: number, now: number) {
    this.#perSecond = messagesPerSecond;
    this.#messages = messagesPerSecond * MESSAGE_BURST;
    this.#commands = commandsPerSecond(messagesPerSecond) * READ_BURST;
    this.#bytes = bytesPerSecond(messagesPerSecond) * READ_BURST;
    this.#at = now;
  }

  /**
   * Whether a message may go out, of this many bytes for each of its readers; it is then counted. What is large for a reader, or
   * goes to many, counts as several; none counts as more than a whole burst.
   */
  admit(now: number, bytesForEach: number, readers: number): boolean {
    if (this.#perSecond === 0) return true;
    this.#refill(now);
    const burst = this.#perSecond * MESSAGE_BURST;
    const cost = Math.min(burst, Math.max(1, bytesForEach / BYTES_FOR_ONE, (bytesForEach * readers) / BYTES_FOR_ALL));
    if (this.#messages < cost) return false;
    this.#messages -= cost;
    return true;
  }

  /** Counts what was read, or was written as an answer. Gives the milliseconds until more may be read: 0, at once. */
  charge(now: number, commands: number, bytes: number): number {
    if (this.#perSecond === 0) return 0;
    this.#refill(now);
    this.#commands -= commands;
    this.#bytes -= bytes;
    const owed = Math.max(
      -this.#commands / commandsPerSecond(this.#perSecond),
      -this.#bytes / bytesPerSecond(this.#perSecond),
    );
    return owed <= 0 ? 0 : Math.ceil(owed * 1000);
  }

  #refill(now: number): void {
    const seconds = (now - this.#at) / 1000;
    this.#at = now;
    const commands = commandsPerSecond(this.#perSecond);
    const bytes = bytesPerSecond(this.#perSecond);
    this.#messages = Math.min(this.#perSecond * MESSAGE_BURST, this.#messages + seconds * this.#perSecond);
    this.#commands = Math.min(commands * READ_BURST, this.#commands + seconds * commands);
    this.#bytes = Math.min(bytes * READ_BURST, this.#bytes + seconds * bytes);
  }
}

/** Seconds' worth of messages that may come at once, and of commands and bytes. */
const MESSAGE_BURST = 10;
const READ_BURST = 4;
/** A message of this many bytes for a reader counts once. A default burst of 200 puts 1 MiB on a reader, one queue. */
const BYTES_FOR_ONE = 5 * 1024;
/** The same for all its readers together: from 64 readers on their number counts, too. */
const BYTES_FOR_ALL = 64 * BYTES_FOR_ONE;

/** Enough for five questions to each message, and for a client that only asks. */
function commandsPerSecond(messagesPerSecond: number): number {
  return Math.max(100, 5 * messagesPerSecond);
}

/** Enough for messages of the greatest length. */
function bytesPerSecond(messagesPerSecond: number): number {
  return 64 * 1024 * Math.max(20, messagesPerSecond);
}
