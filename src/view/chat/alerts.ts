import type { Settings } from "./snapshot.ts";

/** What is to be done about a message so that it is noticed. */
export interface Alert {
  readonly bell: boolean;
  /** Whether the program of `notify` is run. */
  readonly notify: boolean;
  readonly from: string;
  /** `ALL` or the own name. */
  readonly to: string;
  readonly text: string;
}

export interface Heard {
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly direct: boolean;
  readonly mention: boolean;
}

/** Null: nothing is to be done. */
export function alertFor(settings: Settings, { from, to, text, direct, mention }: Heard): Alert | null {
  const toUs = direct || mention;
  const bell = settings.bell === "all" || (settings.bell === "direct" && toUs);
  const notify = settings.notify.length > 0 && toUs;
  return bell || notify ? { bell, notify, from, to, text } : null;
}
