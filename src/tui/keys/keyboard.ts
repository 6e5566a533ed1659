import { StringDecoder } from "node:string_decoder";
import { NO_BURST, release, sift, TOGETHER, type Burst } from "./burst.ts";
import { expire, NOTHING, parse, timeoutOf, type Pending, type Stroke } from "./parser.ts";

export interface KeyboardPorts {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly onStroke: (stroke: Stroke) => void;
  /** The terminal is gone: nobody will ever press a key again. */
  readonly onGone: () => void;
}

const BRACKETS_ON = "\u001b[?2004h";
const BRACKETS_OFF = "\u001b[?2004l";

/** A terminal's keyboard, read while it is on. Off, the terminal is another's: lines are edited by the kernel, and nothing is read. */
export class Keyboard {
  readonly #ports: KeyboardPorts;
  #decoder = new StringDecoder("utf8");
  #pending: Pending = NOTHING;
  #burst: Burst = NO_BURST;
  #readAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #isOn = false;

  constructor(ports: KeyboardPorts) {
    this.#ports = ports;
    const { stdin, onGone } = ports;
    // What ends is a terminal that was closed; SIGHUP would say the same, but need not come.
    stdin.on("error", onGone).on("end", onGone).on("close", onGone);
  }

  on(): void {
    if (this.#isOn) return;
    const { stdin, stdout } = this.#ports;
    this.#isOn = true;
    stdin.setRawMode(true);
    stdin.ref();
    stdout.write(BRACKETS_ON);
    stdin.on("data", this.#read);
    // A stream that was paused stays so when somebody listens.
    stdin.resume();
  }

  off(): void {
    if (!this.#isOn) return;
    const { stdin, stdout } = this.#ports;
    this.#isOn = false;
    this.#wait(null);
    this.#decoder = new StringDecoder("utf8");
    this.#pending = NOTHING;
    this.#burst = NO_BURST;
    stdin.off("data", this.#read);
    stdin.pause();
    stdin.setRawMode(false);
    stdin.unref();
    stdout.write(BRACKETS_OFF);
  }

  readonly #read = (data: Buffer | string): void => {
    const now = performance.now();
    const text = typeof data === "string" ? data : this.#decoder.write(data);
    // Whoever waits behind a paste that doesn't end presses Ctrl-C; in a paste it would not come alone.
    if (this.#pending.kind === "paste" && text === INTERRUPT && now - this.#readAt > TOGETHER) this.#pending = NOTHING;
    this.#readAt = now;
    const { strokes, pending } = parse(this.#pending, text);
    this.#pending = pending;
    this.#sift(strokes, now);
    this.#waitOn();
  };

  #sift(strokes: readonly Stroke[], now: number): void {
    const sifted = sift(this.#burst, strokes, now);
    this.#burst = sifted.burst;
    this.#tell(sifted.strokes);
  }

  #tell(strokes: readonly Stroke[]): void {
    for (const stroke of strokes) this.#ports.onStroke(stroke);
  }

  #waitOn(): void {
    // A key may have turned the keyboard off.
    if (!this.#isOn) return;
    const forMore = this.#burst.held === "" ? null : TOGETHER;
    const forRest = timeoutOf(this.#pending);
    this.#wait(forRest ?? forMore);
  }

  #wait(milliseconds: number | null): void {
    clearTimeout(this.#timer);
    if (milliseconds === null) return;
    this.#timer = setTimeout(() => {
      const readAt = this.#readAt;
      // While a frame was drawn, more may have come in: it is read before anything is taken for all there is.
      setImmediate(() => {
        if (this.#isOn && readAt === this.#readAt) this.#timeout();
      });
    }, milliseconds);
  }

  #timeout(): void {
    if (this.#pending.kind === "nothing") {
      const waited = this.#burst;
      this.#burst = NO_BURST;
      this.#tell(release(waited));
      return;
    }
    const late = expire(this.#pending);
    this.#pending = NOTHING;
    this.#sift(late, performance.now());
    this.#waitOn();
  }
}

const INTERRUPT = "\u0003";
