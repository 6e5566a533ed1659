/**
 * The frame protocol: JSON frames over WebSocket, ours (docs/frames.md). This folder turns text into checked values and back, for both
 * ends, and knows nothing of sockets, sessions or groups. `requests.ts` and `pushes.ts` tell the whole protocol.
 *
 * A change of any schema changes the hash that version.test.ts holds: then either the change is compatible (a field that may
 * be missing, a new request or push behind a feature) and gets a line here, or `VERSION` rises.
 *
 * - 1: the first.
 * - 1 with the feature `reached`: `reached` of a group and as a push, how far all others have acknowledged.
 * - The refusal `name-has-key`; `because` with `you-are-banned`.
 * - `openRoom` in the server's hello.
 * - The feature `removals`: `removal` of a group, `since` and `until` of `removal-due`.
 * - 1 with the feature `successors`: `written` of a group; reports about a log as well as about a commit.
 * - `reasons` in the answer to `bans`.
 * - 1 with the feature `devices`: the requests and pushes of devices.ts; `sealKey` and `receipt` in the hello; the refusal `no-user-key`.
 * - `left` in `removal` of a group.
 * - `at` in the server's hello.
 * - 1 with the feature `joiners`: `orAdded` of `ask-turn`, and the push `joiners`.
 * - 1 with the feature `successions`: the requests `successions` and `keep-successions`.
 * - `of` with `too-many-names`.
 * - `receipt` in a confirmation.
 * - `hasCome` of a device in `own-devices`.
 */
export const VERSION = 1;

/** What this side can do beyond the version's minimum; both say theirs in the hello. */
export const FEATURES: readonly string[] = ["reached", "removals", "successors", "devices", "joiners", "successions"];

/** The WebSocket subprotocol, and the path of the upgrade. */
export const SUBPROTOCOL = "padserve.v1";
export const PATH = "/frames";
/** A caller without an Origin must send this header: no page in a browser can. */
export const CLIENT_HEADER = "padserve-client";

/** The most bytes of one frame, as UTF-8: a commit with its Welcome and group info among 1,000 members, in base64. */
export const MAX_FRAME = 2 * 1024 * 1024;
/** The most entries in one page of a log. */
export const MOST_ENTRIES = 500;
/** The most bytes of a frame before the hello was accepted. */
export const MAX_FIRST_FRAME = 16 * 1024;
