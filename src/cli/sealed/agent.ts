/** `cli/sealed`: what commands do with a chat that seals, which they get from this machine's agent. */

import type { AgentFailure } from "../../agent/face/index.ts";
import { attach as attachFace } from "../../agent/face/index.ts";
import { hasDevice } from "../../agent/face/last-server.ts";
import { sharedSocketIn } from "../../agent/face/find-shared.ts";
import { formatAddress } from "../../client/transport/index.ts";
import { EXIT } from "../../args/exit-codes.ts";
import { chooseIds } from "../start/choose-id.ts";
import { isNowhere, places } from "../start/places.ts";
import type { Attach, Attached } from "./attach.ts";

/** The chat of this machine's agent. */
export const attachAgent: Attach = async ({ server, name, remembered, comesIn = false }, context) => {
  const { env, stop } = context;
  const { state } = places(env);
  const shared = sharedSocketIn(env);
  let isNameFound = false;
  const attached = await attachFace({
    server,
    shared,
    // What this person's own devices are called is nothing to an agent that others share.
    // A command under another name doesn't change which name the next one takes.
    name:
      name ??
      (shared === null && remembered !== null && hasDevice(state, formatAddress(server), remembered)
        ? remembered
        : null),
    suggest: async () => {
      // That of the last chat its person has said.
      isNameFound = remembered === null;
      return await chooseIds(undefined, remembered, context);
    },
    state: isNowhere(state) ? null : state,
    env,
    comesIn,
    signal: stop,
  });
  switch (attached.kind) {
    case "attached":
      return { kind: "sealed", chat: attached.chat, isNameFound };
    case "classic-only":
      return attached;
    case "failed":
      return failed(attached, shared !== null);
  }
};

function failed(
  failure: Extract<Awaited<ReturnType<typeof attachFace>>, { kind: "failed" }>,
  isShared: boolean,
): Attached {
  if (failure.why === "server") return { kind: "unreached", end: failure.end };
  if (failure.why === "another-server")
    return { kind: "failed", explanation: { text: failure.text, code: codeOf(failure.why) } };
  const text = `${failure.text} With --classic it goes without an agent, and the server can read it.`;
  // A service that isn't running is for others to start; one's own agent starts by itself, or something is wrong.
  const code = isShared && failure.why === "not-started" ? EXIT.unreachable : codeOf(failure.why);
  return { kind: "failed", explanation: { text, code } };
}

function codeOf(why: AgentFailure) {
  switch (why) {
    case "no-home":
    case "folder":
      return EXIT.dataUnusable;
    case "another-server":
      return EXIT.keyChanged;
    case "aborted":
      return EXIT.interrupted;
    case "silent":
      return EXIT.unreachable;
    case "not-started":
    case "other-version":
    case "busy":
    case "broken":
      return EXIT.unexpected;
  }
}
