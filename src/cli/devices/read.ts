import { resolve } from "node:path";

/** What is asked of the devices. `words`: an id, the beginning of one, or a label, as it was typed. */
export type DeviceAction =
  | { readonly kind: "list" | "number" | "reset" | "new" }
  | { readonly kind: "confirm"; readonly code: string }
  | { readonly kind: "dismiss"; readonly device: string }
  | { readonly kind: "remove"; readonly devices: readonly string[] }
  | { readonly kind: "invite"; readonly minutes: number }
  /** `file` is an absolute path; `passphraseFile`: null where it is asked for. */
  | { readonly kind: "export" | "import"; readonly file: string; readonly passphraseFile: string | null };

type Wrong = { readonly kind: "wrong"; readonly why: string };

interface Given {
  readonly minutes?: number;
  readonly yes?: boolean;
  readonly "passphrase-file"?: string;
}

const AN_HOUR = 60;

/** `[action] [words]`, as they stand on the command line. */
export function readDeviceAction(words: readonly string[], given: Given): DeviceAction | Wrong {
  const [action = "list", ...rest] = words;
  if (!isAction(action)) return wrong(`${JSON.stringify(action)} is none of ${ACTIONS.join(", ")}`);
  const misplaced = misplacedOption(action, given);
  if (misplaced !== null) return wrong(misplaced);
  const [word, ...more] = rest;
  switch (action) {
    case "list":
    case "number":
    case "reset":
    case "new":
      return word === undefined ? { kind: action } : wrong(`${action} takes no more words`);
    case "invite":
      return word === undefined
        ? { kind: action, minutes: given.minutes ?? AN_HOUR }
        : wrong("invite takes no words, since nobody knows yet what the machine's device will be");
    case "confirm":
      // Its groups may have been typed with blanks between.
      return word === undefined
        ? wrong("which code? The new device shows it: pad devices confirm CODE")
        : { kind: action, code: rest.join("") };
    case "dismiss":
      if (word === undefined) return wrong("which one? pad devices lists those that wait: pad devices dismiss DEVICE");
      return more.length === 0 ? { kind: action, device: word } : wrong("one at a time can be dismissed");
    case "remove":
      return word === undefined
        ? wrong("which one? pad devices lists them: pad devices remove DEVICE")
        : { kind: action, devices: rest };
    case "export":
    case "import":
      if (word === undefined) return wrong(`which file? pad devices ${action} FILE`);
      return more.length === 0
        ? { kind: action, file: resolve(word), passphraseFile: given["passphrase-file"] ?? null }
        : wrong(`${action} takes one file`);
  }
}

const ACTIONS = [
  "list",
  "confirm",
  "dismiss",
  "remove",
  "invite",
  "number",
  "reset",
  "new",
  "export",
  "import",
] as const;

function misplacedOption(action: (typeof ACTIONS)[number], given: Given): string | null {
  if (given.minutes !== undefined && action !== "invite") return "--minutes is for invite alone";
  if (given.yes === true && action !== "remove" && action !== "reset") return "--yes is for remove and reset alone";
  const isFile = action === "export" || action === "import";
  return given["passphrase-file"] !== undefined && !isFile ? "--passphrase-file is for export and import alone" : null;
}

function isAction(word: string): word is (typeof ACTIONS)[number] {
  return ACTIONS.some((action) => action === word);
}

function wrong(why: string): Wrong {
  return { kind: "wrong", why: `${why}\nTry: pad devices --help` };
}
