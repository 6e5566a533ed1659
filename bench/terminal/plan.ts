/** What one run of the terminal is like; its standard input has it as JSON. */
export interface TerminalPlan {
  readonly face: "chat" | "bare";
  readonly columns: number;
  readonly rows: number;
  /** Messages in the pane before the first key. */
  readonly messages: number;
  /** Messages that come in while keys are typed; 0: none. */
  readonly perSecond: number;
  readonly keys: number;
}

/** Milliseconds from each key to its frame; its standard output has them as JSON. */
export type TerminalTimes = readonly number[];

/** What is drawn on, and typed at. */
export interface Ends {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
}

/** What draws. */
export interface Face {
  /** Another message comes in. */
  hear(nth: number): void;
}
