import { VERBS, type ShapedVerb, type TargetVerb } from "./verbs.ts";

/** The reasons that need no further words, each with what follows `ERROR ` (PROTOCOL.md; `too-many-names`, `name-has-key` and `no-open-room` are ours). */
const SENTENCES = {
  "not-registered": "Not registered",
  "already-registered": "Already registered",
  "invalid-name": "Invalid client ID",
  "name-taken": "Client name already registered",
  "name-has-key":
    "This name belongs to a device that seals, and nobody can use it without its key: use pad chat with that device's folder, or another name",
  "too-many-names": "Too many names",
  "you-are-banned": "You are banned from this server",
  "no-shared-secret": "Shared secret not established",
  "invalid-payload": "Invalid encrypted data",
  undecryptable: "Decryption failed",
  "invalid-text": "Invalid text",
  "invalid-key": "Invalid public key",
  "recipient-not-found": "Recipient not found",
  "too-many-messages": "Too many messages",
  "not-operator": "Not authorized as operator",
  "line-too-long": "Line too long",
  "no-open-room": "This server has sealed rooms only: use pad chat",
  "timed-out": "Timed out",
  "server-full": "Server is full",
  "not-a-member": "Not a member of this tailnet",
  "identity-unavailable": "Identity unavailable",
  "storage-failed": "Server storage failed",
} as const;

type PlainReason = keyof typeof SENTENCES;

/**
 * What a server's `ERROR` line can say: a closed list. The server's own refusals have the same shape, so the compiler
 * checks that each of them has its words here.
 */
export type ClassicError =
  | { [R in PlainReason]: { readonly reason: R } }[PlainReason]
  | { readonly reason: "unknown-command"; readonly line: string }
  | { readonly reason: "malformed"; readonly verb: ShapedVerb }
  | { readonly reason: "one-target-expected"; readonly verb: TargetVerb }
  | { readonly reason: "operator-immune"; readonly action: "kick" | "ban" }
  | { readonly reason: "target-not-found"; readonly target: string }
  | { readonly reason: "not-banned"; readonly target: string };

/** The words after `ERROR ` on the wire, without the line's end. */
export function errorText(error: ClassicError): string {
  switch (error.reason) {
    case "unknown-command":
      return `Unknown command: ${error.line}`;
    case "malformed":
      return `Invalid ${error.verb} command`;
    case "one-target-expected":
      return `Usage: ${error.verb} <clientID>`;
    case "operator-immune":
      return `Cannot ${error.action} the operator`;
    case "target-not-found":
      return `Client ${error.target} not found`;
    case "not-banned":
      return `Client ${error.target} not found in banned list`;
    default:
      return SENTENCES[error.reason];
  }
}

/** Reads the words after `ERROR `; null when no server of ours or of the original's last generation says so. */
export function parseError(text: string): ClassicError | null {
  return FIXED.get(text) ?? parseUnknownCommand(text) ?? parseTarget(text);
}

const TARGET_VERBS = [VERBS.kick, VERBS.ban, VERBS.unban] as const;

const FIXED: ReadonlyMap<string, ClassicError> = new Map(
  [
    ...Object.keys(SENTENCES)
      .filter(isPlainReason)
      .map((reason): ClassicError => ({ reason })),
    ...[VERBS.register, VERBS.send, ...TARGET_VERBS].map((verb) => ({ reason: "malformed", verb }) as const),
    ...TARGET_VERBS.map((verb) => ({ reason: "one-target-expected", verb }) as const),
    ...(["kick", "ban"] as const).map((action) => ({ reason: "operator-immune", action }) as const),
  ].map((error) => [errorText(error), error]),
);

function isPlainReason(reason: string): reason is PlainReason {
  return Object.hasOwn(SENTENCES, reason);
}

function parseUnknownCommand(text: string): ClassicError | null {
  // An empty command's echo ends in a blank, which trimming takes away.
  if (text === "Unknown command:") return { reason: "unknown-command", line: "" };
  const lead = "Unknown command: ";
  return text.startsWith(lead) ? { reason: "unknown-command", line: text.slice(lead.length) } : null;
}

/** A target is one word, so the two sentences cannot be mistaken for each other. */
function parseTarget(text: string): ClassicError | null {
  const [, target, list] = /^Client ([^ ]+) not found( in banned list)?$/.exec(text) ?? [];
  if (target === undefined) return null;
  return { reason: list === undefined ? "target-not-found" : "not-banned", target };
}
