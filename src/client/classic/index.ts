/**
 * `client/classic`: `padserve/client`: talks to classic Padserve servers of all three generations.
 *
 * A script connects, awaits `online()`, sends, looks at the outcome and closes. A bot listens with `onEvent`. A full-screen
 * client draws `state` and events, which are plain values. `docs/examples/echo-bot.mts` is a whole program.
 */

export type {
  Answered,
  ClientState,
  ConnectionEnd,
  EndCause,
  EndedState,
  Failure,
  HelpEntry,
  OnlineState,
  Outcome,
  PublicInfo,
  ReconnectPolicy,
  Refusal,
  Reply,
  ServerInfo,
  Taken,
} from "../index.ts";
export { DEFAULT_PORT, formatAddress, openTcp, parseAddress } from "../transport/index.ts";
export type { Open, ServerAddress } from "../transport/index.ts";
export { classicChat } from "./chat.ts";
export type { ClassicChatOptions } from "./chat.ts";
export { connect } from "./client.ts";
export type { ClientEvent } from "./events.ts";
export { longestText } from "./longest-text.ts";
export type { ConnectOptions, PadClient } from "./pad-client.ts";
export { DEFAULT_TIMINGS } from "./timings.ts";
export type { Timings } from "./timings.ts";
